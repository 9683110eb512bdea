// Writing XGBoost's JSON; see xgboost_json.h.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "engine/base/error.h"
#include "engine/exchange/footfall_attribute.h"
#include "engine/exchange/json.h"
#include "engine/exchange/xgboost_json.h"

namespace footfall::exchange {

namespace {

using model::Input;
using model::InputKind;
using model::Model;
using model::Node;

// XGBoost's columns: one an input, and one for all sets of categories of a feature.
struct Columns {
    std::vector<Input> columns;
    std::vector<uint32_t> ofInput;
};

Columns columnsOf(const Model& model) {
    Columns result;
    std::map<uint32_t, uint32_t> textColumns;
    for (const Input& input : model.inputs) {
        const auto next = static_cast<uint32_t>(result.columns.size());
        uint32_t number = next;
        if (input.kind == InputKind::CategorySet)
            number = textColumns.try_emplace(input.feature, next).first->second;
        if (number == next) {
            result.columns.push_back(input);
            result.columns.back().set = 0;
        }
        result.ofInput.push_back(number);
    }
    return result;
}

// XGBoost's own reader of data takes no brackets and no "<" in names, nor one name twice.
std::vector<std::string> namesOf(const Model& model, const Columns& columns) {
    std::vector<std::string> names;
    std::set<std::string> seen;
    for (const Input& column : columns.columns) {
        std::string name = column.kind == InputKind::CategorySet
                               ? model.features[column.feature].name
                               : describe(column, model.features);
        std::ranges::replace_if(
            name, [](char c) { return c == '[' || c == ']' || c == '<'; }, '_');
        while (!seen.insert(name).second)
            name += '_';
        names.push_back(name);
    }
    return names;
}

const char* typeOf(const Model& model, const Input& column) {
    if (column.kind == InputKind::CategorySet)
        return "c";
    const bool isNumber = column.kind == InputKind::Value &&
                          model.features[column.feature].kind == model::FeatureKind::Number;
    return isNumber ? "float" : "i";
}

void appendTexts(const std::vector<std::string>& texts, std::string& out) {
    out += '[';
    for (const std::string& text : texts) {
        if (&text != &texts.front())
            out += ',';
        appendJsonText(text, out);
    }
    out += ']';
}

// One array of a tree while it is written.
class List {
  public:
    void add(long number) { next() += std::to_string(number); }
    // XGBoost tells whole numbers from others by how they are written.
    void add(double number) {
        const size_t begin = next().size();
        appendNumber(number, text_);
        markAsFloat(begin);
    }
    void add(float number) {
        const size_t begin = next().size();
        appendNumber(number, text_);
        markAsFloat(begin);
    }
    void appendTo(const char* name, std::string& out) const {
        out += '"';
        out += name;
        out += "\":[";
        out += text_;
        out += "],";
    }

  private:
    void markAsFloat(size_t begin) {
        if (text_.find_first_of(".e", begin) == std::string::npos)
            text_ += "E0";
    }
    std::string& next() {
        if (!text_.empty())
            text_ += ',';
        return text_;
    }
    std::string text_;
};

class TreeWriter {
  public:
    TreeWriter(const Model& model, const Columns& columns, double leafScale)
        : model_(model), columns_(columns), leafScale_(leafScale) {}

    void append(uint32_t root, size_t number, std::string& out) {
        lists_ = {};
        categoryCount_ = 0;
        number_ = 0;
        // XGBoost numbers nodes as it likes, the root being 0: here as they are met.
        struct Open {
            uint32_t node;
            long parent;
        };
        std::vector<Open> level = {{root, kNoParent}};
        long next = 1;
        for (size_t i = 0; i < level.size(); i++) {
            const auto [at, parent] = level[i];
            const Node& node = model_.trees.nodes[at];
            lists_.parents.add(parent);
            lists_.cover.add(node.cover);
            if (node.left == 0) {
                writeLeaf(node);
            } else {
                writeSplit(node);
                lists_.left.add(next);
                lists_.right.add(next + 1);
                level.push_back({node.left, number_});
                level.push_back({node.left + 1, number_});
                next += 2;
            }
            number_++;
        }
        finish(number, out);
    }

  private:
    static constexpr long kNoParent = 2147483647;

    struct Lists {
        List left, right, parents, feature, condition, nullGoesLeft, cover, splitTypes, weights;
        List gains, categories, categoryNodes, categoryBegins, categoryCounts;
    };

    void writeLeaf(const Node& node) {
        const double value = static_cast<double>(node.threshold) * leafScale_;
        if (!std::isfinite(static_cast<float>(value)))
            base::throwUnsupported("a calibrated leaf is beyond single precision");
        lists_.left.add(-1L);
        lists_.right.add(-1L);
        lists_.feature.add(0L);
        // From all digits of a double the leaf before its scale is found again.
        if (leafScale_ == 1) {
            lists_.condition.add(node.threshold);
        } else {
            lists_.condition.add(value);
        }
        lists_.nullGoesLeft.add(0L);
        lists_.splitTypes.add(0L);
        lists_.weights.add(static_cast<float>(value));
        lists_.gains.add(0.0F);
    }

    void writeSplit(const Node& node) {
        const Input& input = model_.inputs[node.input];
        lists_.feature.add(static_cast<long>(columns_.ofInput[node.input]));
        lists_.nullGoesLeft.add(node.nullGoesLeft ? 1L : 0L);
        lists_.weights.add(0.0F);
        lists_.gains.add(0.0F);
        if (input.kind != InputKind::CategorySet) {
            lists_.condition.add(node.threshold);
            lists_.splitTypes.add(0L);
            return;
        }
        // The set goes right, the others left: as a threshold between 0 and 1 has it.
        if (!(node.threshold > 0 && node.threshold <= 1))
            base::throwUnsupported("a split by categories has the threshold %g",
                                   static_cast<double>(node.threshold));
        lists_.condition.add(0.0F);
        lists_.splitTypes.add(1L);
        long count = 0;
        for (unsigned category = 0; category < model::kMaxCategories; category++) {
            if ((input.set >> category & 1) != 0) {
                lists_.categories.add(static_cast<long>(category));
                count++;
            }
        }
        lists_.categoryNodes.add(number_);
        lists_.categoryBegins.add(categoryCount_);
        lists_.categoryCounts.add(count);
        categoryCount_ += count;
    }

    void finish(size_t number, std::string& out) const {
        out += '{';
        lists_.weights.appendTo("base_weights", out);
        lists_.categories.appendTo("categories", out);
        lists_.categoryNodes.appendTo("categories_nodes", out);
        lists_.categoryBegins.appendTo("categories_segments", out);
        lists_.categoryCounts.appendTo("categories_sizes", out);
        lists_.nullGoesLeft.appendTo("default_left", out);
        out += "\"id\":" + std::to_string(number) + ',';
        lists_.left.appendTo("left_children", out);
        lists_.gains.appendTo("loss_changes", out);
        lists_.parents.appendTo("parents", out);
        lists_.right.appendTo("right_children", out);
        lists_.condition.appendTo("split_conditions", out);
        lists_.feature.appendTo("split_indices", out);
        lists_.splitTypes.appendTo("split_type", out);
        lists_.cover.appendTo("sum_hessian", out);
        out += R"("tree_param":{"num_deleted":"0","num_feature":")" +
               std::to_string(columns_.columns.size()) + R"(","num_nodes":")" +
               std::to_string(number_) + R"(","size_leaf_vector":"1"}})";
    }

    const Model& model_;
    const Columns& columns_;
    double leafScale_;
    Lists lists_;
    long number_ = 0;
    long categoryCount_ = 0;
};

FootfallAttribute attributeOf(const Model& model, const Columns& columns, bool calibrated) {
    FootfallAttribute attribute;
    attribute.label = model.label;
    attribute.features = model.features;
    attribute.columns = columns.columns;
    attribute.base = model.trees.base;
    if (!calibrated || model.calibration.kind == model::CalibrationKind::None)
        return attribute;
    if (model.calibration.kind == model::CalibrationKind::Isotonic) {
        throw base::Error(base::ErrorKind::Unsupported,
                          "XGBoost's JSON cannot hold an isotonic calibration")
            .withHint(
                "Export the model without calibration, or as onnx or pmml, or train it "
                "with calibration platt.");
    }
    attribute.calibrated = true;
    attribute.slope = -model.calibration.slope;
    attribute.offset = -model.calibration.offset;
    constexpr double kLeastSlope = 1e-30;
    if (std::abs(attribute.slope) < kLeastSlope)
        base::throwUnsupported("the calibration of the model has no slope");
    return attribute;
}

}  // namespace

std::string xgboostJsonOf(const Model& model, bool calibrated) {
    if (model.algorithm != model::Algorithm::GradientBoosting || model.trees.scale != 1) {
        throw base::Error(base::ErrorKind::Unsupported,
                          "XGBoost's JSON holds boosted trees, not a model of %s",
                          nameOf(model.algorithm))
            .withHint("Export the model as onnx or pmml.");
    }
    const Columns columns = columnsOf(model);
    const FootfallAttribute attribute = attributeOf(model, columns, calibrated);
    const float baseScore = attribute.baseScore();
    if (!(baseScore > 0 && baseScore < 1))
        base::throwUnsupported("the base of the model, %g, is beyond what XGBoost can hold",
                               attribute.slope * attribute.base + attribute.offset);

    std::string out = R"({"learner":{"attributes":{"footfall":)";
    appendJsonText(attribute.text(), out);
    out += R"(},"feature_names":)";
    appendTexts(namesOf(model, columns), out);
    std::vector<std::string> types;
    for (const Input& column : columns.columns)
        types.emplace_back(typeOf(model, column));
    out += R"(,"feature_types":)";
    appendTexts(types, out);
    const std::string trees = std::to_string(model.trees.roots.size());
    out += R"(,"gradient_booster":{"model":{"gbtree_model_param":{"num_parallel_tree":"1",)"
           R"("num_trees":")" +
           trees + R"("},"iteration_indptr":[0)";
    for (size_t i = 1; i <= model.trees.roots.size(); i++)
        out += ',' + std::to_string(i);
    out += R"(],"tree_info":[)";
    for (size_t i = 0; i < model.trees.roots.size(); i++)
        out += i == 0 ? "0" : ",0";
    out += R"(],"trees":[)";
    TreeWriter writer(model, columns, attribute.slope);
    for (size_t i = 0; i < model.trees.roots.size(); i++) {
        if (i > 0)
            out += ',';
        writer.append(model.trees.roots[i], i, out);
    }
    out += R"(]},"name":"gbtree"},"learner_model_param":{"base_score":")";
    appendNumber(baseScore, out);
    out += R"(","boost_from_average":"1","num_class":"0","num_feature":")" +
           std::to_string(columns.columns.size()) +
           R"(","num_target":"1"},"objective":{"name":"binary:logistic",)"
           R"("reg_loss_param":{"scale_pos_weight":"1"}}},"version":[1,7,4]})";
    return out;
}

}  // namespace footfall::exchange
