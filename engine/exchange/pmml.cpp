// See pmml.h.
#include "engine/exchange/pmml.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/base/error.h"
#include "engine/exchange/json.h"

namespace footfall::exchange {

namespace {

using model::Feature;
using model::FeatureKind;
using model::Input;
using model::InputKind;
using model::Model;
using model::Node;

// Appends `text` as an attribute or content of XML 1.0.
void appendXml(std::string_view text, std::string& out) {
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\t':
            case '\n':
            case '\r':
                // As it is, an attribute would have a space.
                out += "&#" + std::to_string(static_cast<int>(c)) + ";";
                break;
            default:
                if (static_cast<unsigned char>(c) < 0x20)
                    base::throwUnsupported(
                        "a name of the model has a control character, which "
                        "XML cannot hold");
                out += c;
        }
    }
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    appendXml(text, out);
    return out + '"';
}

std::string quoted(double number) {
    std::string out = "\"";
    appendNumber(number, out);
    return out + '"';
}

std::string constant(double number) {
    std::string out = "<Constant dataType=\"double\">";
    appendNumber(number, out);
    return out + "</Constant>";
}

std::string fieldRef(std::string_view name) {
    return "<FieldRef field=" + quoted(name) + "/>";
}

std::string apply(std::string_view function, std::initializer_list<std::string> arguments) {
    std::string out = "<Apply function=";
    out += quoted(function) + ">";
    for (const std::string& argument : arguments)
        out += argument;
    return out + "</Apply>";
}

class Writer {
  public:
    Writer(const Model& model, bool calibrated) : model_(model), calibrated_(calibrated) {
        std::set<std::string> names;
        std::vector<bool> isAsked(model.features.size());
        for (const Input& input : model.inputs)
            isAsked[input.feature] = true;
        for (uint32_t i = 0; i < model.features.size(); i++) {
            names.insert(model.features[i].name);
            if (isAsked[i])
                asked_.push_back(i);
        }
        for (std::string* name : {&margin_, &probability_}) {
            while (!names.insert(*name).second)
                *name += '_';
        }
        while (std::ranges::any_of(
            names, [&](const std::string& name) { return name.starts_with(inputPrefix_); }))
            inputPrefix_ += '_';
    }

    std::string document() {
        out_ =
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<PMML xmlns=\"http://www.dmg.org/PMML-4_4\" version=\"4.4\">\n"
            "<Header description=" +
            quoted(std::string(nameOf(model_.algorithm)) + " for " + model_.label) +
            "><Application name=\"footfall\"/></Header>\n";
        writeDictionary();
        if (model_.isLinear()) {
            writeRegression();
        } else {
            writeTrees();
        }
        out_ += "</PMML>\n";
        return std::move(out_);
    }

  private:
    void writeDictionary() {
        out_ += "<DataDictionary>\n";
        for (const uint32_t number : asked_) {
            const Feature& feature = model_.features[number];
            const bool isText = feature.kind == FeatureKind::Text;
            out_ += "<DataField name=" + quoted(feature.name) +
                    (isText ? " optype=\"categorical\" dataType=\"string\""
                            : " optype=\"continuous\" dataType=\"float\"") +
                    ">";
            for (const std::string& category : feature.categories)
                out_ += "<Value value=" + quoted(category) + "/>";
            out_ += "</DataField>\n";
        }
        out_ += "</DataDictionary>\n";
    }

    void writeSchema(const std::vector<uint32_t>& features) {
        out_ += "<MiningSchema>";
        for (const uint32_t feature : features)
            out_ += "<MiningField name=" + quoted(model_.features[feature].name) +
                    " invalidValueTreatment=\"asIs\"/>";
        out_ += "</MiningSchema>\n";
    }

    // From the predicted value to the margin and the probability.
    void writeOutput() {
        out_ += "<Output><OutputField name=" + quoted(margin_) +
                " optype=\"continuous\" dataType=\"double\" feature=\"predictedValue\"/>\n"
                "<OutputField name=" +
                quoted(probability_) +
                " optype=\"continuous\" dataType=\"double\" feature=\"transformedValue\">";
        writeProbability();
        out_ += "</OutputField></Output>\n";
    }

    std::string marginExpression() const {
        if (model_.isLinear() || (model_.trees.scale == 1 && model_.trees.base == 0))
            return fieldRef(margin_);
        return apply("+", {constant(model_.trees.base),
                           apply("*", {constant(model_.trees.scale), fieldRef(margin_)})});
    }

    static std::string logistic(const std::string& negated) {
        return apply("/", {constant(1), apply("+", {constant(1), apply("exp", {negated})})});
    }

    void writeProbability() {
        const auto& calibration = model_.calibration;
        const auto kind = calibrated_ ? calibration.kind : model::CalibrationKind::None;
        const std::string margin = marginExpression();
        switch (kind) {
            case model::CalibrationKind::Isotonic:
                writeIsotonic(margin);
                return;
            case model::CalibrationKind::Platt:
                out_ += logistic(apply("+", {apply("*", {constant(calibration.slope), margin}),
                                             constant(calibration.offset)}));
                return;
            case model::CalibrationKind::None:
                break;
        }
        if (model_.marginIsShare()) {
            out_ += apply("max", {constant(0), apply("min", {constant(1), margin})});
        } else {
            out_ += logistic(apply("*", {constant(-1), margin}));
        }
    }

    // The lines between the points, as a tree of questions: as deep as there are doublings.
    void writeIsotonic(const std::string& margin) {
        const auto& points = model_.calibration.margins;
        const auto& shares = model_.calibration.probabilities;
        out_ += apply("if", {apply("lessThan", {margin, constant(points.front())}),
                             constant(shares.front()), isotonicPart(margin, 0, points.size())});
    }

    // The margin is at or above point `begin` and below point `end`.
    std::string isotonicPart(const std::string& margin, size_t begin, size_t end) const {
        const auto& points = model_.calibration.margins;
        const auto& shares = model_.calibration.probabilities;
        if (end - begin > 1) {
            const size_t middle = begin + (end - begin) / 2;
            return apply("if",
                         {apply("lessThan", {margin, constant(points[middle])}),
                          isotonicPart(margin, begin, middle), isotonicPart(margin, middle, end)});
        }
        if (end == points.size() || shares[begin] == shares[end])
            return constant(shares[begin]);
        const std::string share = apply("/", {apply("-", {margin, constant(points[begin])}),
                                              constant(points[end] - points[begin])});
        return apply("+", {constant(shares[begin]),
                           apply("*", {share, constant(shares[end] - shares[begin])})});
    }

    // ---- linear models

    std::string inputName(size_t input) const { return inputPrefix_ + std::to_string(input); }

    // What an input is, and never missing.
    std::string inputExpression(size_t number) const {
        const Input& input = model_.inputs[number];
        const Feature& feature = model_.features[input.feature];
        const std::string field = fieldRef(feature.name);
        const std::string isMissing = apply("isMissing", {field});
        switch (input.kind) {
            case InputKind::Value:
                return apply("if", {isMissing, constant(model_.linear.means[number]), field});
            case InputKind::IsNull:
                return apply("if", {isMissing, constant(1), constant(0)});
            case InputKind::Category: {
                std::string category = "<Constant dataType=\"string\">";
                appendXml(feature.categories[input.category], category);
                category += "</Constant>";
                const std::string isCategory =
                    apply("if", {apply("equal", {field, category}), constant(1), constant(0)});
                return apply("if", {isMissing, constant(0), isCategory});
            }
            case InputKind::CategorySet:
                break;
        }
        base::throwUnsupported("a linear model of sets of categories cannot be exported");
    }

    void writeRegression() {
        out_ += "<TransformationDictionary>\n";
        for (size_t i = 0; i < model_.inputs.size(); i++)
            out_ += "<DerivedField name=" + quoted(inputName(i)) +
                    " optype=\"continuous\" dataType=\"double\">" + inputExpression(i) +
                    "</DerivedField>\n";
        out_ +=
            "</TransformationDictionary>\n"
            "<RegressionModel functionName=\"regression\" normalizationMethod=\"none\">\n";
        writeSchema(asked_);
        writeOutput();
        out_ += "<RegressionTable intercept=" + quoted(model_.linear.intercept) + ">\n";
        for (size_t i = 0; i < model_.inputs.size(); i++)
            out_ += "<NumericPredictor name=" + quoted(inputName(i)) +
                    " coefficient=" + quoted(model_.linear.coefficients[i]) + "/>\n";
        out_ += "</RegressionTable>\n</RegressionModel>\n";
    }

    // ---- trees

    void writeTrees() {
        out_ += "<MiningModel functionName=\"regression\">\n";
        writeSchema(asked_);
        writeOutput();
        out_ += "<Segmentation multipleModelMethod=\"sum\">\n";
        for (const uint32_t root : model_.trees.roots) {
            out_ +=
                "<Segment><True/>\n<TreeModel functionName=\"regression\" "
                "missingValueStrategy=\"defaultChild\" splitCharacteristic=\"binarySplit\">\n";
            writeSchema(featuresOf(root));
            writeNode(root, root, "<True/>");
            out_ += "</TreeModel></Segment>\n";
        }
        out_ += "</Segmentation>\n</MiningModel>\n";
    }

    std::vector<uint32_t> featuresOf(uint32_t root) const {
        std::set<uint32_t> features;
        std::vector<uint32_t> open = {root};
        while (!open.empty()) {
            const Node& node = model_.trees.nodes[open.back()];
            open.pop_back();
            if (node.left == 0)
                continue;
            features.insert(model_.inputs[node.input].feature);
            open.push_back(node.left);
            open.push_back(node.left + 1);
        }
        // Every schema has a field.
        if (features.empty())
            features.insert(asked_.front());
        return {features.begin(), features.end()};
    }

    static std::string simple(std::string_view field, std::string_view question) {
        return "<SimplePredicate field=" + quoted(field) + " operator=\"" + std::string(question) +
               "\"/>";
    }
    static std::string simple(std::string_view field, std::string_view question,
                              const std::string& value) {
        return "<SimplePredicate field=" + quoted(field) + " operator=\"" + std::string(question) +
               "\" value=" + value + "/>";
    }

    // Whether a row that answers yes (1) or no (0) goes left; and where a missing value does.
    struct Sides {
        std::string left;
        std::string right;
        bool missingGoesLeft;
    };

    Sides sidesOf(const Node& node) const {
        const Input& input = model_.inputs[node.input];
        const Feature& feature = model_.features[input.feature];
        const std::string& field = feature.name;
        if (input.kind == InputKind::Value) {
            const std::string value = quoted(static_cast<double>(node.threshold));
            return {simple(field, "lessThan", value), simple(field, "greaterOrEqual", value),
                    node.nullGoesLeft};
        }
        std::string yes;
        std::string no;
        if (input.kind == InputKind::IsNull) {
            yes = simple(field, "isMissing");
            no = simple(field, "isNotMissing");
        } else if (input.kind == InputKind::Category) {
            const std::string category = quoted(feature.categories[input.category]);
            yes = simple(field, "equal", category);
            no = simple(field, "notEqual", category);
        } else {
            yes = setPredicate(feature, input.set, "isIn");
            no = setPredicate(feature, input.set, "isNotIn");
        }
        const bool noGoesLeft = 0 < node.threshold;
        const bool yesGoesLeft = 1 < node.threshold;
        // A question of a category says no to NULL, one of a set leaves it to the node.
        const bool missingGoesLeft =
            input.kind == InputKind::CategorySet ? node.nullGoesLeft : noGoesLeft;
        if (noGoesLeft == yesGoesLeft)
            return noGoesLeft ? Sides{"<True/>", "<False/>", true}
                              : Sides{"<False/>", "<True/>", false};
        return noGoesLeft ? Sides{no, yes, missingGoesLeft} : Sides{yes, no, missingGoesLeft};
    }

    static std::string setPredicate(const Feature& feature, uint64_t set,
                                    std::string_view question) {
        std::string values;
        size_t count = 0;
        for (size_t category = 0; category < feature.categories.size(); category++) {
            if ((set >> category & 1) == 0)
                continue;
            // Within the array's own quotes, which a backslash protects.
            std::string text;
            for (const char c : feature.categories[category]) {
                if (c == '"' || c == '\\')
                    text += '\\';
                text += c;
            }
            values += count++ == 0 ? "&quot;" : " &quot;";
            appendXml(text, values);
            values += "&quot;";
        }
        return "<SimpleSetPredicate field=" + quoted(feature.name) + " booleanOperator=\"" +
               std::string(question) + "\"><Array n=\"" + std::to_string(count) +
               "\" type=\"string\">" + values + "</Array></SimpleSetPredicate>";
    }

    // Depth is at most kMaxDepth: the model's form says so. Numbers of nodes are within the tree.
    void writeNode(uint32_t number, uint32_t root, const std::string& predicate) {
        const Node& node = model_.trees.nodes[number];
        out_ += "<Node id=\"" + std::to_string(number - root) + "\"";
        if (node.left == 0) {
            out_ += " score=" + quoted(static_cast<double>(node.threshold)) + ">" + predicate +
                    "</Node>\n";
            return;
        }
        const Sides sides = sidesOf(node);
        const uint32_t otherwise = node.left + (sides.missingGoesLeft ? 0 : 1);
        out_ += " defaultChild=\"" + std::to_string(otherwise - root) + "\">" + predicate + "\n";
        writeNode(node.left, root, sides.left);
        writeNode(node.left + 1, root, sides.right);
        out_ += "</Node>\n";
    }

    const Model& model_;
    bool calibrated_;
    std::vector<uint32_t> asked_;
    std::string margin_ = "margin";
    std::string probability_ = "probability";
    std::string inputPrefix_ = "input_";
    std::string out_;
};

}  // namespace

std::string pmmlOf(const Model& model, bool calibrated) {
    if (model.inputs.empty() || (!model.isLinear() && model.trees.roots.empty()))
        base::throwUnsupported("the model asks for no feature: there is nothing to export");
    return Writer(model, calibrated).document();
}

}  // namespace footfall::exchange
