// See onnx.h.
#include "engine/exchange/onnx.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "engine/base/error.h"
#include "engine/exchange/protobuf.h"

namespace footfall::exchange {

namespace {

using model::Feature;
using model::FeatureKind;
using model::Input;
using model::InputKind;
using model::Model;
using model::Node;

// Numbers of fields and values in onnx.proto.
namespace field {
enum : uint32_t {
    kIrVersion = 1,
    kProducerName = 2,
    kModelGraph = 7,
    kOpsetImport = 8,
    kMetadataProps = 14
};
enum : uint32_t {
    kGraphNode = 1,
    kGraphName = 2,
    kInitializer = 5,
    kGraphInput = 11,
    kGraphOutput = 12
};
enum : uint32_t { kNodeInput = 1, kNodeOutput = 2, kOpType = 4, kAttribute = 5, kDomain = 7 };
enum : uint32_t {
    kAttributeName = 1,
    kAttributeFloat = 2,
    kAttributeInt = 3,
    kAttributeString = 4,
    kAttributeFloats = 7,
    kAttributeInts = 8,
    kAttributeStrings = 9,
    kAttributeType = 20
};
enum : uint32_t { kDims = 1, kDataType = 2, kTensorName = 8, kRawData = 9 };
}  // namespace field
enum AttributeType : int64_t {
    kFloat = 1,
    kInt = 2,
    kString = 3,
    kFloats = 6,
    kInts = 7,
    kStrings = 8
};
enum ElementType : int64_t {
    kElementFloat = 1,
    kElementInt64 = 7,
    kElementString = 8,
    kElementDouble = 11
};

constexpr const char* kMlDomain = "ai.onnx.ml";

ProtobufMessage attribute(std::string_view name, AttributeType type) {
    ProtobufMessage result;
    result.add(field::kAttributeName, name);
    result.add(field::kAttributeType, static_cast<int64_t>(type));
    return result;
}
ProtobufMessage attribute(std::string_view name, int64_t value) {
    ProtobufMessage result = attribute(name, kInt);
    result.add(field::kAttributeInt, value);
    return result;
}
ProtobufMessage attribute(std::string_view name, std::string_view value) {
    ProtobufMessage result = attribute(name, kString);
    result.add(field::kAttributeString, value);
    return result;
}
ProtobufMessage attribute(std::string_view name, const std::vector<float>& values) {
    ProtobufMessage result = attribute(name, kFloats);
    result.addPacked(field::kAttributeFloats, values);
    return result;
}
ProtobufMessage attribute(std::string_view name, const std::vector<int64_t>& values) {
    ProtobufMessage result = attribute(name, kInts);
    result.addPacked(field::kAttributeInts, values);
    return result;
}
ProtobufMessage attribute(std::string_view name, const std::vector<std::string>& values) {
    ProtobufMessage result = attribute(name, kStrings);
    for (const std::string& value : values)
        result.add(field::kAttributeStrings, value);
    return result;
}

template <class T>
constexpr ElementType elementTypeOf() {
    if constexpr (std::is_same_v<T, float>) {
        return kElementFloat;
    } else if constexpr (std::is_same_v<T, double>) {
        return kElementDouble;
    } else {
        static_assert(std::is_same_v<T, int64_t>);
        return kElementInt64;
    }
}

// A graph while it grows. Names of our own begin with a prefix that no feature has.
class Graph {
  public:
    explicit Graph(const Model& model) {
        while (std::ranges::any_of(model.features, [&](const Feature& feature) {
            return feature.name.starts_with(prefix_);
        }))
            prefix_ += ':';
    }

    using Attributes = std::initializer_list<ProtobufMessage>;

    // The name of what the operator gives.
    std::string node(std::string_view type, const std::vector<std::string>& inputs,
                     Attributes attributes = {}, std::string_view domain = "") {
        const std::string output = next();
        nodeGiving(output, type, inputs, attributes, domain);
        return output;
    }
    void nodeGiving(const std::string& output, std::string_view type,
                    const std::vector<std::string>& inputs, Attributes attributes = {},
                    std::string_view domain = "") {
        ProtobufMessage message;
        for (const std::string& input : inputs)
            message.add(field::kNodeInput, input);
        message.add(field::kNodeOutput, output);
        message.add(field::kOpType, type);
        for (const ProtobufMessage& attribute : attributes)
            message.add(field::kAttribute, attribute);
        if (!domain.empty())
            message.add(field::kDomain, domain);
        graph_.add(field::kGraphNode, message);
    }

    template <class T>
    std::string constant(const std::vector<T>& values, const std::vector<int64_t>& shape) {
        const std::string name = next();
        ProtobufMessage tensor;
        tensor.addPacked(field::kDims, shape);
        tensor.add(field::kDataType, static_cast<int64_t>(elementTypeOf<T>()));
        tensor.add(field::kTensorName, name);
        tensor.add(field::kRawData, std::string_view(reinterpret_cast<const char*>(values.data()),
                                                     values.size() * sizeof(T)));
        graph_.add(field::kInitializer, tensor);
        return name;
    }
    std::string scalar(double value) { return constant(std::vector<double>{value}, {1}); }

    void input(std::string_view name, ElementType type) {
        graph_.add(field::kGraphInput, column(name, type));
    }
    void output(std::string_view name, ElementType type) {
        graph_.add(field::kGraphOutput, column(name, type));
    }

    ProtobufMessage& message() { return graph_; }

  private:
    std::string next() { return prefix_ + std::to_string(++last_); }

    // A tensor [N, 1].
    static ProtobufMessage column(std::string_view name, ElementType type) {
        ProtobufMessage rows, one, shape, tensor, kind, value;
        rows.add(2, std::string_view("N"));
        one.add(1, int64_t{1});
        shape.add(1, rows);
        shape.add(1, one);
        tensor.add(1, static_cast<int64_t>(type));
        tensor.add(2, shape);
        kind.add(1, tensor);
        value.add(1, name);
        value.add(2, kind);
        return value;
    }

    ProtobufMessage graph_;
    std::string prefix_ = "footfall:";
    size_t last_ = 0;
};

// A text that is no category of any feature.
std::string nullTextOf(const Model& model) {
    std::string text;
    while (std::ranges::any_of(model.features, [&](const Feature& feature) {
        return std::ranges::binary_search(feature.categories, text);
    }))
        text = text.empty() ? "NULL" : "(" + text + ")";
    return text;
}

struct InputMatrix {
    std::string name;                // float [N, inputs]
    std::vector<int64_t> positions;  // of the model's inputs
};

// What the inputs of a text are, by its number: 0 for one that is no category, then the categories,
// then NULL.
std::vector<float> tableOf(const Model& model, uint32_t number,
                           const std::vector<uint32_t>& inputs) {
    const auto categories = static_cast<int64_t>(model.features[number].categories.size());
    std::vector<float> row(model.features.size());
    std::vector<float> table;
    for (int64_t code = -1; code <= categories; code++) {
        row[number] = code == categories ? model::kNull : static_cast<float>(code);
        for (const uint32_t input : inputs)
            table.push_back(model.inputs[input].of(row.data()));
    }
    return table;
}

std::string textInputs(const Model& model, uint32_t number, const std::vector<uint32_t>& inputs,
                       const std::string& nullText, Graph& graph) {
    const Feature& feature = model.features[number];
    std::vector<std::string> keys = feature.categories;
    std::vector<int64_t> codes;
    for (size_t code = 0; code < keys.size() + 1; code++)
        codes.push_back(static_cast<int64_t>(code) + 1);
    keys.push_back(nullText);
    const std::string code =
        graph.node("LabelEncoder", {feature.name},
                   {attribute("keys_strings", keys), attribute("values_int64s", codes),
                    attribute("default_int64", int64_t{0})},
                   kMlDomain);
    const auto width = static_cast<int64_t>(inputs.size());
    const std::string table = graph.constant(tableOf(model, number, inputs),
                                             {static_cast<int64_t>(keys.size()) + 1, width});
    return graph.node("Flatten", {graph.node("Gather", {table, code})});
}

InputMatrix inputMatrixOf(const Model& model, const std::string& nullText, Graph& graph) {
    InputMatrix result;
    result.positions.resize(model.inputs.size());
    int64_t next = 0;
    std::vector<std::string> values;
    std::vector<std::string> asked;
    std::map<uint32_t, std::vector<uint32_t>> ofText;
    for (uint32_t i = 0; i < model.inputs.size(); i++) {
        const Input& input = model.inputs[i];
        const Feature& feature = model.features[input.feature];
        if (feature.kind == FeatureKind::Text) {
            ofText[input.feature].push_back(i);
        } else if (input.kind == InputKind::Value) {
            values.push_back(feature.name);
            result.positions[i] = next++;
        } else if (input.kind != InputKind::IsNull) {
            base::throwUnsupported("feature \"%.64s\" has categories but is no text",
                                   feature.name.c_str());
        }
    }
    for (uint32_t i = 0; i < model.inputs.size(); i++) {
        const Input& input = model.inputs[i];
        const Feature& feature = model.features[input.feature];
        if (feature.kind != FeatureKind::Text && input.kind == InputKind::IsNull) {
            asked.push_back(feature.name);
            result.positions[i] = next++;
        }
    }
    std::vector<std::string> parts = values;
    if (!asked.empty()) {
        const std::string columns = graph.node("Concat", asked, {attribute("axis", int64_t{1})});
        parts.push_back(graph.node("Cast", {graph.node("IsNaN", {columns})},
                                   {attribute("to", static_cast<int64_t>(kElementFloat))}));
    }
    for (const auto& [feature, inputs] : ofText) {
        parts.push_back(textInputs(model, feature, inputs, nullText, graph));
        for (const uint32_t input : inputs)
            result.positions[input] = next++;
    }
    result.name = graph.node("Concat", parts, {attribute("axis", int64_t{1})});
    return result;
}

std::string asDouble(const std::string& name, Graph& graph) {
    return graph.node("Cast", {name}, {attribute("to", static_cast<int64_t>(kElementDouble))});
}

std::string linearMargin(const Model& model, const InputMatrix& inputs, Graph& graph) {
    const size_t count = model.inputs.size();
    std::vector<double> means(count);
    std::vector<double> coefficients(count);
    for (size_t i = 0; i < count; i++) {
        means[static_cast<size_t>(inputs.positions[i])] = model.linear.means[i];
        coefficients[static_cast<size_t>(inputs.positions[i])] = model.linear.coefficients[i];
    }
    const auto width = static_cast<int64_t>(count);
    const std::string known =
        graph.node("Where", {graph.node("IsNaN", {inputs.name}), graph.constant(means, {1, width}),
                             asDouble(inputs.name, graph)});
    return graph.node("Add",
                      {graph.node("MatMul", {known, graph.constant(coefficients, {width, 1})}),
                       graph.scalar(model.linear.intercept)});
}

// The arrays of TreeEnsembleRegressor.
struct Ensemble {
    std::vector<int64_t> trees, ids, features, trueIds, falseIds, nullIsTrue;
    std::vector<float> thresholds;
    std::vector<std::string> modes;
    std::vector<int64_t> leafTrees, leafIds, leafTargets;
    std::vector<float> leafValues;

    void add(const Model& model, const std::vector<int64_t>& positions, uint32_t root,
             int64_t tree) {
        std::vector<uint32_t> open = {root};
        for (size_t i = 0; i < open.size(); i++) {
            const Node& node = model.trees.nodes[open[i]];
            const bool isLeaf = node.left == 0;
            trees.push_back(tree);
            ids.push_back(static_cast<int64_t>(i));
            features.push_back(isLeaf ? 0 : positions[node.input]);
            trueIds.push_back(isLeaf ? 0 : static_cast<int64_t>(open.size()));
            falseIds.push_back(isLeaf ? 0 : static_cast<int64_t>(open.size()) + 1);
            nullIsTrue.push_back(!isLeaf && node.nullGoesLeft ? 1 : 0);
            thresholds.push_back(isLeaf ? 0 : node.threshold);
            modes.emplace_back(isLeaf ? "LEAF" : "BRANCH_LT");
            if (isLeaf) {
                leafTrees.push_back(tree);
                leafIds.push_back(static_cast<int64_t>(i));
                leafTargets.push_back(tree);
                leafValues.push_back(node.threshold);
            } else {
                open.push_back(node.left);
                open.push_back(node.left + 1);
            }
        }
    }
};

std::string treeMargin(const Model& model, const InputMatrix& inputs, Graph& graph) {
    Ensemble ensemble;
    for (size_t tree = 0; tree < model.trees.roots.size(); tree++)
        ensemble.add(model, inputs.positions, model.trees.roots[tree], static_cast<int64_t>(tree));
    const std::string leaves = graph.node(
        "TreeEnsembleRegressor", {inputs.name},
        {attribute("n_targets", static_cast<int64_t>(model.trees.roots.size())),
         attribute("aggregate_function", std::string_view("SUM")),
         attribute("post_transform", std::string_view("NONE")),
         attribute("nodes_treeids", ensemble.trees), attribute("nodes_nodeids", ensemble.ids),
         attribute("nodes_featureids", ensemble.features), attribute("nodes_modes", ensemble.modes),
         attribute("nodes_values", ensemble.thresholds),
         attribute("nodes_truenodeids", ensemble.trueIds),
         attribute("nodes_falsenodeids", ensemble.falseIds),
         attribute("nodes_missing_value_tracks_true", ensemble.nullIsTrue),
         attribute("target_treeids", ensemble.leafTrees),
         attribute("target_nodeids", ensemble.leafIds),
         attribute("target_ids", ensemble.leafTargets),
         attribute("target_weights", ensemble.leafValues)},
        kMlDomain);
    const std::string axis = graph.constant(std::vector<int64_t>{1}, {1});
    const std::string sum = graph.node("ReduceSum", {asDouble(leaves, graph), axis});
    return graph.node("Add", {graph.node("Mul", {sum, graph.scalar(model.trees.scale)}),
                              graph.scalar(model.trees.base)});
}

// The line between two points is found by counting the points at or below the margin.
void isotonicProbability(const model::Calibration& calibration, const std::string& margin,
                         const std::string& output, Graph& graph) {
    const auto& margins = calibration.margins;
    const auto& shares = calibration.probabilities;
    const size_t count = margins.size();
    std::vector<double> from(count + 1);
    std::vector<double> begin(count + 1);
    std::vector<double> length(count + 1, 1);
    std::vector<double> rise(count + 1);
    from[0] = shares.front();
    for (size_t i = 1; i <= count; i++) {
        from[i] = shares[i - 1];
        begin[i] = margins[i - 1];
        if (i < count) {
            length[i] = margins[i] - margins[i - 1];
            rise[i] = shares[i] - shares[i - 1];
        }
    }
    const auto points = static_cast<int64_t>(count);
    const std::string reached = graph.node(
        "Cast", {graph.node("GreaterOrEqual", {margin, graph.constant(margins, {1, points})})},
        {attribute("to", static_cast<int64_t>(kElementInt64))});
    const std::string which =
        graph.node("ReduceSum", {reached, graph.constant(std::vector<int64_t>{1}, {1})});
    const auto at = [&](const std::vector<double>& values) {
        return graph.node("Gather", {graph.constant(values, {points + 1}), which});
    };
    const std::string share =
        graph.node("Div", {graph.node("Sub", {margin, at(begin)}), at(length)});
    graph.nodeGiving(output, "Add", {at(from), graph.node("Mul", {share, at(rise)})});
}

void addProbability(const Model& model, bool calibrated, const std::string& margin,
                    const std::string& output, Graph& graph) {
    const auto kind = calibrated ? model.calibration.kind : model::CalibrationKind::None;
    switch (kind) {
        case model::CalibrationKind::Isotonic:
            isotonicProbability(model.calibration, margin, output, graph);
            return;
        case model::CalibrationKind::Platt: {
            const std::string scaled =
                graph.node("Mul", {margin, graph.scalar(-model.calibration.slope)});
            graph.nodeGiving(output, "Sigmoid",
                             {graph.node("Sub", {scaled, graph.scalar(model.calibration.offset)})});
            return;
        }
        case model::CalibrationKind::None:
            break;
    }
    if (model.marginIsShare()) {
        graph.nodeGiving(output, "Clip",
                         {margin, graph.constant(std::vector<double>{0}, {}),
                          graph.constant(std::vector<double>{1}, {})});
    } else {
        graph.nodeGiving(output, "Sigmoid", {margin});
    }
}

ProtobufMessage opset(std::string_view domain, int64_t version) {
    ProtobufMessage message;
    message.add(1, domain);
    message.add(2, version);
    return message;
}

ProtobufMessage metadata(std::string_view key, std::string_view value) {
    ProtobufMessage message;
    message.add(1, key);
    message.add(2, value);
    return message;
}

}  // namespace

std::string onnxOf(const Model& model, bool calibrated) {
    if (model.inputs.empty() || (!model.isLinear() && model.trees.roots.empty()))
        base::throwUnsupported("the model asks for no feature: there is nothing to export");
    Graph graph(model);
    const std::string nullText = nullTextOf(model);
    std::string output = "probability";
    std::vector<bool> isAsked(model.features.size());
    for (const Input& input : model.inputs)
        isAsked[input.feature] = true;
    for (size_t i = 0; i < model.features.size(); i++) {
        if (isAsked[i]) {
            graph.input(model.features[i].name, model.features[i].kind == FeatureKind::Text
                                                    ? kElementString
                                                    : kElementFloat);
        }
    }
    while (std::ranges::any_of(model.features,
                               [&](const Feature& feature) { return feature.name == output; }))
        output += '_';
    const InputMatrix inputs = inputMatrixOf(model, nullText, graph);
    const std::string margin =
        model.isLinear() ? linearMargin(model, inputs, graph) : treeMargin(model, inputs, graph);
    addProbability(model, calibrated, margin, output, graph);
    graph.output(output, kElementDouble);
    graph.message().add(field::kGraphName, std::string_view(nameOf(model.algorithm)));

    ProtobufMessage result;
    constexpr int64_t kIr = 8;
    constexpr int64_t kOperators = 15;
    constexpr int64_t kMlOperators = 2;
    result.add(field::kIrVersion, kIr);
    result.add(field::kProducerName, std::string_view("footfall"));
    result.add(field::kModelGraph, graph.message());
    result.add(field::kOpsetImport, opset("", kOperators));
    result.add(field::kOpsetImport, opset(kMlDomain, kMlOperators));
    result.add(field::kMetadataProps, metadata("label", model.label));
    result.add(field::kMetadataProps, metadata("null_text", nullText));
    return std::string(result.bytes());
}

}  // namespace footfall::exchange
