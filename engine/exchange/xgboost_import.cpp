// Reading XGBoost's JSON; see xgboost_json.h.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "engine/base/error.h"
#include "engine/exchange/footfall_attribute.h"
#include "engine/exchange/xgboost_document.h"
#include "engine/exchange/xgboost_json.h"

namespace footfall::exchange {

namespace {

using model::Feature;
using model::FeatureKind;
using model::Input;
using model::InputKind;
using model::Model;

struct Options {
    std::vector<std::string> features;
    std::map<std::string, std::string> renamed;
    std::map<std::string, std::vector<std::string>> categories;
    std::optional<std::string> label;

    bool describeFeatures() const {
        return !features.empty() || !renamed.empty() || !categories.empty();
    }
};

std::vector<std::string> textsOf(const Json& list) {
    std::vector<std::string> texts;
    for (const Json& element : list.array())
        texts.push_back(element.toText());
    return texts;
}

void readOption(const std::string& name, const Json& value, Options& options) {
    if (name == "features" && value.kind == Json::Kind::Object) {
        for (const auto& [theirs, ours] : value.members) {
            Json key;
            key.kind = Json::Kind::Text;
            key.text = theirs;
            options.renamed[key.toText()] = ours.toText();
        }
    } else if (name == "features") {
        options.features = textsOf(value);
    } else if (name == "categories" && value.kind == Json::Kind::Object) {
        for (const auto& [feature, texts] : value.members) {
            Json key;
            key.kind = Json::Kind::Text;
            key.text = feature;
            options.categories[key.toText()] = textsOf(texts);
        }
    } else if (name == "label") {
        options.label = value.toText();
    } else if (name == "categories") {
        base::throwCorrupt("\"categories\" is no object");
    } else {
        throw base::Error(base::ErrorKind::BadArgument, "an import has no option \"%.64s\"",
                          name.c_str())
            .withHint("It has features, categories, label.");
    }
}

Options readOptions(std::string_view text) {
    Options options;
    const Json given = parseJson(text);
    if (given.kind != Json::Kind::Object)
        base::throwBadArgument("the options of an import are a JSON object");
    for (const auto& [name, value] : given.members) {
        const std::string option(name);
        try {
            readOption(option, value, options);
        } catch (const base::Error& error) {
            if (error.kind() != base::ErrorKind::CorruptData)
                throw;
            throw base::Error(base::ErrorKind::BadArgument, "option \"%.64s\" cannot be read",
                              option.c_str())
                .withDetail("%s", error.what())
                .withHint(
                    "features: [\"a\", \"b\"] or {\"f0\": \"a\"}; categories: "
                    "{\"a\": [\"first\", \"second\"]}; label: \"churned\".");
        }
    }
    return options;
}

// ---- what XGBoost says of its columns

std::vector<std::string> namesOf(const XgboostDocument& document, const Options& options) {
    const size_t count = document.features();
    std::vector<std::string> names;
    if (const Json* stored = document.learner().find("feature_names"); stored != nullptr)
        names = textsOf(*stored);
    if (!options.features.empty()) {
        if (options.features.size() != count)
            base::throwBadArgument("option \"features\" names %zu of the model's %zu features",
                                   options.features.size(), count);
        names = options.features;
    }
    // As XGBoost itself calls those without names.
    if (names.empty()) {
        for (size_t i = 0; i < count; i++)
            names.emplace_back("f").append(std::to_string(i));
    }
    if (names.size() != count)
        base::throwCorrupt("the XGBoost model names %zu of its %zu features", names.size(), count);
    // All at once: two features may swap their names.
    std::map<std::string_view, size_t> numbers;
    for (size_t i = 0; i < count; i++)
        numbers.emplace(names[i], i);
    std::vector<std::string> renamed = names;
    for (const auto& [theirs, ours] : options.renamed) {
        const auto found = numbers.find(theirs);
        if (found == numbers.end())
            base::throwBadArgument("the model has no feature \"%.64s\" that could get another name",
                                   theirs.c_str());
        renamed[found->second] = ours;
    }
    return renamed;
}

// The categories of each column, as models say them since XGBoost 3.1: texts one behind another
// with where each begins, or whole numbers.
std::vector<std::vector<std::string>> storedCategories(const XgboostDocument& document) {
    std::vector<std::vector<std::string>> result(document.features());
    const Json* stored = document.booster().find("cats");
    if (stored == nullptr)
        return result;
    const Json* columns = stored->find("enc");
    if (columns == nullptr || columns->array().empty())
        return result;
    if (columns->array().size() != result.size())
        base::throwCorrupt("the XGBoost model has categories of %zu of its %zu features",
                           columns->array().size(), result.size());
    for (size_t column = 0; column < result.size(); column++) {
        const Json& of = columns->array()[column];
        const auto values = of.at("values").longs();
        const Json* begins = of.find("offsets");
        if (begins == nullptr) {
            for (const long value : values)
                result[column].push_back(std::to_string(value));
            continue;
        }
        std::string bytes;
        for (const long value : values) {
            // Signed or not; no text holds a zero character.
            if (value < INT8_MIN || value > UINT8_MAX || value == 0)
                base::throwCorrupt("the XGBoost model has a category with the character %ld",
                                   value);
            bytes.push_back(static_cast<char>(value));
        }
        const auto offsets = begins->longs();
        for (size_t i = 1; i < offsets.size(); i++) {
            if (offsets[i - 1] < 0 || offsets[i] < offsets[i - 1] ||
                static_cast<size_t>(offsets[i]) > bytes.size())
                base::throwCorrupt("the XGBoost model has categories that are not there");
            const auto begin = static_cast<size_t>(offsets[i - 1]);
            result[column].push_back(bytes.substr(begin, static_cast<size_t>(offsets[i]) - begin));
        }
    }
    return result;
}

// What a column of XGBoost's is. Categories stand in the order of their texts in a model, in any
// order in XGBoost's.
struct Column {
    Input asked;                     // CategorySet: of sets as its splits say
    std::vector<uint32_t> numberOf;  // of XGBoost's categories
};

std::vector<uint32_t> setCategories(const std::vector<std::string>& texts, Feature& feature) {
    if (texts.size() > model::kMaxCategories)
        throw base::Error(base::ErrorKind::Unsupported,
                          "feature \"%.64s\" of the XGBoost model has %zu categories",
                          feature.name.c_str(), texts.size())
            .withHint("At most %zu can be read.", model::kMaxCategories);
    std::vector<uint32_t> order(texts.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, {},
                      [&](uint32_t which) -> const std::string& { return texts[which]; });
    std::vector<uint32_t> numberOf(texts.size());
    feature.kind = FeatureKind::Text;
    for (const uint32_t which : order) {
        numberOf[which] = static_cast<uint32_t>(feature.categories.size());
        if (!feature.categories.empty() && feature.categories.back() == texts[which])
            base::throwBadArgument("feature \"%.64s\" has one category twice",
                                   feature.name.c_str());
        feature.categories.push_back(texts[which]);
    }
    return numberOf;
}

// As XGBoost and the options say.
std::vector<Column> describeColumns(const XgboostDocument& document, const Options& options,
                                    Model& model) {
    const size_t count = document.features();
    if (count > model::kMaxFeatures)
        base::throwUnsupported("the XGBoost model has %zu features, more than %zu", count,
                               model::kMaxFeatures);
    const auto names = namesOf(document, options);
    const auto stored = storedCategories(document);
    std::vector<std::string> types;
    if (const Json* found = document.learner().find("feature_types"); found != nullptr)
        types = textsOf(*found);
    std::vector<Column> columns(count);
    std::set<std::string_view> seen;
    for (uint32_t i = 0; i < count; i++) {
        Feature& feature = model.features.emplace_back();
        feature.name = names[i];
        if (!seen.insert(names[i]).second || names[i].empty())
            base::throwBadArgument("the model has two features \"%.64s\", or one without a name",
                                   names[i].c_str());
        if (types.size() == count && types[i] == "i")
            feature.kind = FeatureKind::Boolean;
        columns[i].asked.feature = i;
        const auto given = options.categories.find(feature.name);
        if (given != options.categories.end() || !stored[i].empty()) {
            columns[i].asked.kind = InputKind::CategorySet;
            columns[i].numberOf = setCategories(
                given != options.categories.end() ? given->second : stored[i], feature);
        }
    }
    for (const auto& [name, texts] : options.categories) {
        if (!seen.contains(name))
            base::throwBadArgument("the model has no feature \"%.64s\" that could have categories",
                                   name.c_str());
    }
    return columns;
}

// As footfall has written.
std::vector<Column> describeColumns(const XgboostDocument& document,
                                    const FootfallAttribute& attribute, Model& model) {
    if (attribute.columns.size() != document.features())
        base::throwCorrupt("the attribute \"footfall\" describes %zu of %zu features",
                           attribute.columns.size(), document.features());
    model.label = attribute.label;
    model.features = attribute.features;
    std::vector<Column> columns;
    for (const Input& asked : attribute.columns) {
        Column& column = columns.emplace_back(Column{asked, {}});
        column.numberOf.resize(model.features[asked.feature].categories.size());
        std::iota(column.numberOf.begin(), column.numberOf.end(), 0U);
    }
    return columns;
}

// A row has a number of each; an honest model has far fewer.
constexpr size_t kMostInputs = 1U << 16;

// Makes inputs as nodes ask for them.
class Inputs {
  public:
    Inputs(const std::vector<Column>& columns, Model& model) : columns_(columns), model_(model) {}

    uint32_t of(const Split& split) {
        const Column& column = columns_[split.feature];
        const char* name = model_.features[column.asked.feature].name.c_str();
        Input input = column.asked;
        const bool hasSets = input.kind == InputKind::CategorySet;
        if (split.byCategories && !hasSets) {
            throw base::Error(base::ErrorKind::BadArgument,
                              "feature \"%.64s\" is split by categories, which the model does not "
                              "name",
                              name)
                .withHint(
                    "Give its texts, in the order of XGBoost's numbers, as option "
                    "{\"categories\": {\"%.64s\": [\"first\", \"second\"]}}.",
                    name);
        }
        if (!split.byCategories && hasSets) {
            throw base::Error(base::ErrorKind::BadArgument,
                              "feature \"%.64s\" has categories, but is split as a number", name)
                .withHint("Leave it out of the option \"categories\".");
        }
        for (const long category : split.categories) {
            if (category < 0 || static_cast<size_t>(category) >= column.numberOf.size())
                base::throwCorrupt("a node asks for category %ld of %zu of feature \"%.64s\"",
                                   category, column.numberOf.size(), name);
            input.set |= uint64_t{1} << column.numberOf[static_cast<size_t>(category)];
        }
        const auto [found, isNew] = known_.try_emplace({split.feature, input.set},
                                                       static_cast<uint32_t>(model_.inputs.size()));
        if (isNew && model_.inputs.size() == kMostInputs) {
            throw base::Error(base::ErrorKind::Unsupported,
                              "the XGBoost model asks for more than %zu features and sets of "
                              "categories",
                              kMostInputs)
                .withHint("Train with fewer categories, or with fewer trees.");
        }
        if (isNew)
            model_.inputs.push_back(input);
        return found->second;
    }

  private:
    const std::vector<Column>& columns_;
    Model& model_;
    std::map<std::pair<size_t, uint64_t>, uint32_t> known_;
};

void readTrees(const XgboostDocument& document, const std::vector<Column>& columns,
               double leafScale, void (*poll)(), Model& model) {
    Inputs inputs(columns, model);
    model.trees =
        document.trees([&](const Split& split) { return inputs.of(split); }, leafScale, poll);
    // What no tree asks for, a row need not have.
    for (Feature& feature : model.features) {
        feature.constant = true;
        // How the rows of training were distributed is not known.
        feature.distribution.shares.assign(
            (feature.kind == FeatureKind::Text ? feature.categories.size() : 0) + 2, 0);
    }
    for (const Input& input : model.inputs)
        model.features[input.feature].constant = false;
}

}  // namespace

Model modelOfXgboostJson(std::string_view text, std::string_view optionsText, void (*poll)()) {
    const Options options = readOptions(optionsText);
    const XgboostDocument document(text, poll);
    Model model;
    model.algorithm = model::Algorithm::GradientBoosting;
    const Json* attributes = document.learner().find("attributes");
    const Json* ours = attributes == nullptr ? nullptr : attributes->find(FootfallAttribute::kName);
    if (ours == nullptr || options.describeFeatures()) {
        readTrees(document, describeColumns(document, options, model), 1, poll, model);
        model.trees.base = marginOf(document.baseScore());
    } else {
        const auto attribute = FootfallAttribute::parse(ours->toText());
        readTrees(document, describeColumns(document, attribute, model), attribute.slope, poll,
                  model);
        // The base has more digits than the base score; which is another's when the training went
        // on elsewhere.
        model.trees.base = attribute.base;
        if (attribute.baseScore() != document.baseScore()) {
            model.trees.base =
                (marginOf(document.baseScore()) - attribute.offset) / attribute.slope;
        }
        if (attribute.calibrated) {
            model.calibration.kind = model::CalibrationKind::Platt;
            model.calibration.slope = -attribute.slope;
            model.calibration.offset = -attribute.offset;
        }
        if (!std::isfinite(model.trees.base))
            base::throwCorrupt("the calibration of the attribute \"footfall\" cannot be");
    }
    if (options.label.has_value())
        model.label = *options.label;
    if (model.label.empty())
        model.label = "label";
    return model;
}

model::Trees treesOfXgboostJson(std::string_view text, size_t inputs) {
    // Training has trees of its own making, and asks its monitor between rounds.
    const auto poll = [] {};
    const XgboostDocument document(text, poll);
    if (document.features() > inputs)
        base::throwCorrupt("the XGBoost model has %zu features, not %zu", document.features(),
                           inputs);
    const auto inputOf = [](const Split& split) {
        if (split.byCategories)
            base::throwUnsupported("the XGBoost model has splits by categories");
        return static_cast<uint32_t>(split.feature);
    };
    model::Trees trees = document.trees(inputOf, 1, poll);
    trees.base = marginOf(document.baseScore());
    return trees;
}

}  // namespace footfall::exchange
