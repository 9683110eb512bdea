// See footfall_attribute.h.
#include "engine/exchange/footfall_attribute.h"

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

constexpr long kVersion = 1;

const char* nameOf(FeatureKind kind) {
    switch (kind) {
        case FeatureKind::Number:
            return "number";
        case FeatureKind::Boolean:
            return "boolean";
        case FeatureKind::Text:
            break;
    }
    return "text";
}

Feature readFeature(const Json& value) {
    Feature feature;
    feature.name = value.at("name").toText();
    const std::string_view kind = value.at("kind").text;
    if (kind == "number") {
        feature.kind = FeatureKind::Number;
    } else if (kind == "boolean") {
        feature.kind = FeatureKind::Boolean;
    } else if (kind == "text") {
        feature.kind = FeatureKind::Text;
    } else {
        base::throwCorrupt("the attribute \"footfall\" has a feature of an unknown kind");
    }
    for (const Json& category : value.at("categories").array())
        feature.categories.push_back(category.toText());
    for (size_t i = 1; i < feature.categories.size(); i++) {
        if (!(feature.categories[i - 1] < feature.categories[i]))
            base::throwCorrupt("categories of the attribute \"footfall\" are not ascending");
    }
    if (feature.name.empty() || feature.categories.size() > model::kMaxCategories)
        base::throwCorrupt("a feature of the attribute \"footfall\" cannot be");
    return feature;
}

Input readColumn(const Json& value, const std::vector<Feature>& features) {
    const auto numbers = value.longs();
    constexpr size_t kNumbers = 3;
    if (numbers.size() != kNumbers || numbers[0] < 0 ||
        static_cast<size_t>(numbers[0]) >= features.size())
        base::throwCorrupt("a column of the attribute \"footfall\" is of no feature");
    const Feature& feature = features[static_cast<size_t>(numbers[0])];
    const bool isText = feature.kind == FeatureKind::Text;
    Input input;
    input.feature = static_cast<uint32_t>(numbers[0]);
    const bool known = numbers[1] >= 1 && numbers[1] <= 4;
    input.kind = known ? static_cast<InputKind>(numbers[1]) : InputKind::Value;
    const bool ofText = input.kind == InputKind::Category || input.kind == InputKind::CategorySet;
    if (!known || (ofText && !isText) || (input.kind == InputKind::Value && isText))
        base::throwCorrupt("a column of the attribute \"footfall\" is of the wrong kind");
    if (input.kind == InputKind::Category) {
        if (numbers[2] < 0 || static_cast<size_t>(numbers[2]) >= feature.categories.size())
            base::throwCorrupt("a column of the attribute \"footfall\" is of no category");
        input.category = static_cast<uint32_t>(numbers[2]);
    }
    return input;
}

void appendFeature(const Feature& feature, std::string& out) {
    out += out.back() == '[' ? "{\"name\":" : ",{\"name\":";
    appendJsonText(feature.name, out);
    out += ",\"kind\":\"";
    out += nameOf(feature.kind);
    out += "\",\"categories\":[";
    for (const std::string& category : feature.categories) {
        if (&category != &feature.categories.front())
            out += ",";
        appendJsonText(category, out);
    }
    out += "]}";
}

void appendMember(const char* name, double value, std::string& out) {
    out += ",\"";
    out += name;
    out += "\":";
    appendNumber(value, out);
}

}  // namespace

float FootfallAttribute::baseScore() const {
    return static_cast<float>(1 / (1 + std::exp(-(slope * base + offset))));
}

std::string FootfallAttribute::text() const {
    std::string out = "{\"version\":" + std::to_string(kVersion) + ",\"label\":";
    appendJsonText(label, out);
    out += ",\"features\":[";
    for (const Feature& feature : features)
        appendFeature(feature, out);
    out += "],\"columns\":[";
    for (const Input& column : columns) {
        out += out.back() == '[' ? "[" : ",[";
        out += std::to_string(column.feature) + ',' +
               std::to_string(static_cast<int>(column.kind)) + ',' +
               std::to_string(column.category) + ']';
    }
    out += calibrated ? "],\"calibrated\":true" : "],\"calibrated\":false";
    appendMember("slope", slope, out);
    appendMember("offset", offset, out);
    appendMember("base", base, out);
    return out + "}";
}

FootfallAttribute FootfallAttribute::parse(std::string_view text) {
    FootfallAttribute result;
    const Json object = parseJson(text);
    if (const long version = object.at("version").toLong(); version != kVersion)
        base::throwUnsupported("the attribute \"footfall\" has version %ld, this release reads %ld",
                               version, kVersion);
    result.label = object.at("label").toText();
    std::set<std::string> names;
    for (const Json& feature : object.at("features").array()) {
        if (result.features.size() == model::kMaxFeatures)
            base::throwCorrupt("the attribute \"footfall\" has too many features");
        result.features.push_back(readFeature(feature));
        if (!names.insert(result.features.back().name).second)
            base::throwCorrupt("the attribute \"footfall\" has two features of one name");
    }
    for (const Json& column : object.at("columns").array())
        result.columns.push_back(readColumn(column, result.features));
    result.calibrated = object.at("calibrated").toBool();
    result.slope = object.at("slope").toDouble();
    result.offset = object.at("offset").toDouble();
    result.base = object.at("base").toDouble();
    if (result.slope == 0)
        base::throwCorrupt("the attribute \"footfall\" has a calibration without a slope");
    return result;
}

}  // namespace footfall::exchange
