// Models in other tools' formats: what is written is read as the same model, what cannot be is
// refused by name.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "engine/base/error.h"
#include "engine/exchange/json.h"
#include "engine/exchange/onnx.h"
#include "engine/exchange/pmml.h"
#include "engine/exchange/xgboost_json.h"
#include "engine/model/scorer.h"
#include "engine/model/tree_shap.h"
#include "engine/training/training.h"
#include "tests/unit/model/model_data.h"

namespace footfall::exchange {
namespace {

using namespace model;

Model boosted(const char* calibration) {
    NoMonitor monitor;
    Options options = Options::of(Algorithm::GradientBoosting);
    options.set("calibration", calibration);
    options.set("n_estimators", "40");
    options.set("max_depth", "4");
    Dataset dataset = sampleDataset(4000);
    splitAtRandom(dataset, 0.25, 0.25, 5);
    Model model = training::train(std::move(dataset), options, 1, monitor).model;
    model.label = "left \"for\" good\n";
    return model;
}

std::vector<float> sampleRows() {
    const Dataset dataset = sampleDataset(500, 9);
    std::vector<uint32_t> rows(dataset.rows());
    for (uint32_t row = 0; row < rows.size(); row++)
        rows[row] = row;
    std::vector<float> features = featureRows(dataset, rows);
    // NULL and unknown texts, too.
    for (size_t i = 0; i < features.size(); i += 7)
        features[i] = i % 5 == 3 && i % 2 == 0 ? kUnknownCategory : kNull;
    return features;
}

std::vector<double> probabilities(const Model& model, const std::vector<float>& features) {
    std::vector<double> result(features.size() / model.features.size());
    Scorer(model).probabilities(features, result);
    return result;
}

Model passedOn(const Model& model) {
    return modelOfXgboostJson(xgboostJsonOf(model, true), kNoOptions);
}

TEST(Exchange, WrittenAndReadIsTheSameModelBitForBit) {
    const auto rows = sampleRows();
    for (const char* calibration : {"none", "platt"}) {
        const Model model = boosted(calibration);
        const Model read = passedOn(model);
        const auto before = probabilities(model, rows);
        const auto after = probabilities(read, rows);
        ASSERT_EQ(before, after);
        EXPECT_EQ(read.label, model.label);
        EXPECT_EQ(read.features[3].categories, model.features[3].categories);
        // A second time, too, and the bytes can be stored.
        base::ByteWriter writer;
        read.pack(writer);
        base::ByteReader reader(writer.bytes());
        EXPECT_EQ(probabilities(passedOn(Model::unpack(reader)), rows), before);
    }
}

TEST(Exchange, WithoutItsAttributeXgboostSeesTheCalibratedProbability) {
    const Model model = boosted("platt");
    std::string text = xgboostJsonOf(model, true);
    const size_t at = text.find("\"footfall\"");
    ASSERT_NE(at, std::string::npos);
    text.replace(at, 10, "\"somebody\"");
    const Model read = modelOfXgboostJson(text, kNoOptions);
    EXPECT_EQ(read.calibration.kind, CalibrationKind::None);
    // Its features are the inputs now, as XGBoost's are.
    const auto rows = sampleRows();
    const auto wanted = probabilities(model, rows);
    std::vector<float> inputs;
    for (size_t row = 0; row < wanted.size(); row++) {
        for (const Input& input : model.inputs)
            inputs.push_back(input.of(rows.data() + row * model.features.size()));
    }
    const auto found = probabilities(read, inputs);
    for (size_t row = 0; row < wanted.size(); row++)
        EXPECT_NEAR(found[row], wanted[row], 1e-6);
    // Without calibration it is another probability.
    const auto plain = modelOfXgboostJson(xgboostJsonOf(model, false), kNoOptions);
    EXPECT_EQ(plain.calibration.kind, CalibrationKind::None);
    EXPECT_NE(probabilities(plain, rows), wanted);
}

TEST(Exchange, RefusesToWriteWhatXgboostCannotHold) {
    EXPECT_THROW((void)xgboostJsonOf(boosted("isotonic"), true), base::Error);
    EXPECT_NO_THROW((void)xgboostJsonOf(boosted("isotonic"), false));
    NoMonitor monitor;
    Dataset dataset = sampleDataset(2000);
    splitAtRandom(dataset, 0.25, 0.25, 5);
    const auto forest =
        training::train(std::move(dataset), Options::of(Algorithm::DecisionTree), 1, monitor);
    EXPECT_THROW((void)xgboostJsonOf(forest.model, true), base::Error);
}

// One tree, one split of "plan" by categories {0, 2}, one of "visits" below it.
std::string document(std::string_view change = "", std::string_view to = "") {
    std::string text = R"({"learner":{"attributes":{},"feature_names":["plan","visits","spare"],
        "feature_types":["c","float","i"],"gradient_booster":{"model":{"trees":[{
        "categories":[0,2],"categories_nodes":[0],"categories_segments":[0],"categories_sizes":[2],
        "default_left":[0,1,0,0,0],"left_children":[1,3,-1,-1,-1],"right_children":[2,4,-1,-1,-1],
        "split_conditions":[NaN,2.5,0.75,-0.5,0.25],"split_indices":[0,1,0,0,0],
        "split_type":[1,0,0,0,0],"sum_hessian":[10,6,4,2,4],
        "tree_param":{"num_nodes":"5","size_leaf_vector":"1"}}],
        "cats":{"enc":[{"offsets":[0,4,8,14],"values":[103,111,108,100,105,114,111,110,98,114,111,110,122,101]},
        {"offsets":[],"values":[]},{"offsets":[],"values":[]}],"feature_segments":[0,3,3,3]}},
        "name":"gbtree"},"learner_model_param":{"base_score":"[5E-1]","num_class":"0",
        "num_feature":"3","num_target":"1"},"objective":{"name":"binary:logistic"}},
        "version":[3,1,0]})";
    if (!change.empty()) {
        const size_t at = text.find(change);
        EXPECT_NE(at, std::string::npos) << change;
        text.replace(at, change.size(), to);
    }
    return text;
}

double scored(const Model& model, float plan, float visits) {
    return probabilities(model, {plan, visits, 0})[0];
}
double logistic(double margin) {
    return 1 / (1 + std::exp(-margin));
}

TEST(Exchange, SplitsByCategoriesAreSets) {
    const Model model = modelOfXgboostJson(document(), kNoOptions);
    // XGBoost's numbers are gold, iron, bronze; a model's categories are in the order of texts.
    EXPECT_EQ(model.features[0].categories, (std::vector<std::string>{"bronze", "gold", "iron"}));
    EXPECT_EQ(describe(model.inputs[0], model.features), "plan in (bronze, gold)");
    EXPECT_EQ(model.features[2].kind, FeatureKind::Boolean);
    EXPECT_TRUE(model.features[2].constant) << "no tree asks for it";
    EXPECT_DOUBLE_EQ(scored(model, 0, 9), logistic(0.75));
    EXPECT_DOUBLE_EQ(scored(model, 1, 9), logistic(0.75));
    EXPECT_DOUBLE_EQ(scored(model, 2, 9), logistic(0.25));
    EXPECT_DOUBLE_EQ(scored(model, 2, 1), logistic(-0.5));
    EXPECT_DOUBLE_EQ(scored(model, 2, kNull), logistic(-0.5));
    EXPECT_DOUBLE_EQ(scored(model, kUnknownCategory, 9), logistic(0.25));
    EXPECT_DOUBLE_EQ(scored(model, kNull, 1), logistic(0.75));
    const Model again = passedOn(model);
    for (const float plan : {0.0F, 1.0F, 2.0F, kUnknownCategory, kNull})
        EXPECT_EQ(scored(again, plan, 3), scored(model, plan, 3));
    base::ByteWriter writer;
    model.pack(writer);
    base::ByteReader reader(writer.bytes());
    EXPECT_EQ(scored(Model::unpack(reader), 1, 9), scored(model, 1, 9));
}

TEST(Exchange, SetsOfOneFeatureAreOnePlayerOfShapley) {
    // plan in {0, 2} decides, and below it plan in {1}, which is always so: nothing to share out.
    const std::string text =
        document(R"("split_indices":[0,1,0,0,0])", R"("split_indices":[0,0,0,0,0])");
    std::string two = text;
    const auto put = [&](std::string_view from, std::string_view to) {
        const size_t at = two.find(from);
        ASSERT_NE(at, std::string::npos) << from;
        two.replace(at, from.size(), to);
    };
    put(R"("categories":[0,2],"categories_nodes":[0],"categories_segments":[0],"categories_sizes":[2])",
        R"("categories":[0,2,1],"categories_nodes":[0,1],"categories_segments":[0,2],"categories_sizes":[2,1])");
    put(R"("split_type":[1,0,0,0,0])", R"("split_type":[1,1,0,0,0])");
    const Model model = modelOfXgboostJson(two, kNoOptions);
    ASSERT_EQ(model.inputs.size(), 2U);
    const std::vector<float> row = {2, 0, 0};
    const auto contributions = contributionsOf(model, row);
    const auto features = byFeature(model, contributions);
    double margin = 0;
    Scorer(model).margins(row, {&margin, 1});
    EXPECT_NEAR(contributions.bias + features[0], margin, 1e-12);
    // Two players would share what one has.
    EXPECT_EQ(contributions.inputs[1], 0);
}

base::ErrorKind refusal(std::string_view text, std::string_view options = kNoOptions) {
    try {
        (void)modelOfXgboostJson(text, options);
    } catch (const base::Error& error) {
        return error.kind();
    }
    ADD_FAILURE() << "accepted: " << text << " with " << options;
    return base::ErrorKind::Internal;
}

// Two nodes whose categories are the same place in the file: so, a short file would be long work.
TEST(Exchange, NodesDoNotShareCategories) {
    std::string text = document(R"("split_type":[1,0,0,0,0])", R"("split_type":[1,1,0,0,0])");
    const std::string_view own =
        R"("categories_nodes":[0],"categories_segments":[0],"categories_sizes":[2])";
    const size_t at = text.find(own);
    ASSERT_NE(at, std::string::npos);
    text.replace(
        at, own.size(),
        R"("categories_nodes":[0,1],"categories_segments":[0,0],"categories_sizes":[2,2])");
    const size_t features = text.find(R"("split_indices":[0,1,)");
    ASSERT_NE(features, std::string::npos);
    text.replace(features, 21, R"("split_indices":[0,0,)");
    EXPECT_EQ(refusal(text), base::ErrorKind::CorruptData);
}

TEST(Exchange, AnImportCanBeStopped) {
    struct Stopped {};
    EXPECT_THROW((void)modelOfXgboostJson(document(), kNoOptions, [] { throw Stopped{}; }),
                 Stopped);
}

TEST(Exchange, NamesMayBeSwapped) {
    const Model model = modelOfXgboostJson(
        document(),
        R"({"features": {"plan": "visits", "visits": "plan"}, "categories": {"visits": ["c", "b", "a"]}})");
    EXPECT_EQ(model.features[0].name, "visits");
    EXPECT_EQ(model.features[1].name, "plan");
    EXPECT_EQ(refusal(document(), R"({"features": {"plan": "visits"}})"),
              base::ErrorKind::BadArgument);
}

TEST(Exchange, NamesAndCategoriesMayBeGiven) {
    const std::string nameless =
        document(R"("feature_names":["plan","visits","spare"])", R"("feature_names":[])");
    EXPECT_EQ(modelOfXgboostJson(nameless, kNoOptions).features[1].name, "f1");
    const Model model =
        modelOfXgboostJson(document(), R"({"features": {"visits": "sessions"}, "label": "churned",
                        "categories": {"plan": ["c", "b", "a"]}})");
    EXPECT_EQ(model.features[1].name, "sessions");
    EXPECT_EQ(model.label, "churned");
    EXPECT_DOUBLE_EQ(scored(model, 2, 9), logistic(0.75)) << "c is XGBoost's 0";
    EXPECT_DOUBLE_EQ(scored(model, 1, 9), logistic(0.25));
    const Model listed = modelOfXgboostJson(nameless, R"({"features": ["p\u00e4", "b", "c"]})");
    EXPECT_EQ(listed.features[0].name, "p\xc3\xa4");
}

TEST(Exchange, RefusesWhatIsNoModelForAProbability) {
    constexpr auto kUnsupported = base::ErrorKind::Unsupported;
    EXPECT_EQ(refusal(document("binary:logistic", "multi:softprob")), kUnsupported);
    EXPECT_EQ(refusal(document("binary:logistic", "reg:squarederror")), kUnsupported);
    EXPECT_EQ(refusal(document("gbtree", "dart")), kUnsupported);
    EXPECT_EQ(refusal(document(R"("num_class":"0")", R"("num_class":"3")")), kUnsupported);
    EXPECT_EQ(refusal(document(R"("num_target":"1")", R"("num_target":"2")")), kUnsupported);
    EXPECT_EQ(refusal(document("[5E-1]", "[5E-1,5E-1]")), kUnsupported);
    EXPECT_EQ(refusal(document(R"("size_leaf_vector":"1")", R"("size_leaf_vector":"3")")),
              kUnsupported);
}

TEST(Exchange, RefusesDamage) {
    const std::pair<const char*, const char*> changes[] = {
        {"[1,3,-1,-1,-1]", "[1,0,-1,-1,-1]"},  // a cycle
        {"[1,3,-1,-1,-1]", "[1,2,-1,-1,-1]"},  // two parents
        {"[2,4,-1,-1,-1]", "[2,9,-1,-1,-1]"},  // beyond the end
        {"[2,4,-1,-1,-1]", "[2,4,-1,-1]"},     // too few
        {"[NaN,2.5,0.75", "[NaN,NaN,0.75"},    // a threshold
        {"[NaN,2.5,0.75", "[NaN,2.5,NaN"},     // a leaf
        {"[NaN,2.5,0.75", "[NaN,2.5,1e99"},    // beyond single precision
        {"[10,6,4,2,4]", "[10,-6,4,2,4]"},     // cover
        {"[10,6,4,2,4]", "[10,0,4,2,4]"},      // of a node with children
        {"[0,1,0,0,0],\n", "[0,3,0,0,0],\n"},  // feature 3 of 3
        {"\"categories\":[0,2]", "\"categories\":[0,3]"},
        {"\"categories_sizes\":[2]", "\"categories_sizes\":[9]"},
        {"\"categories_segments\":[0]", "\"categories_segments\":[-1]"},
        {"[5E-1]", "[1.5]"},
        {"[5E-1]", "[nan]"},
        {"\"num_feature\":\"3\"", "\"num_feature\":\"-3\""},
        {"\"offsets\":[0,4,8,14]", "\"offsets\":[0,4,8,99]"},
        {"[\"plan\",\"visits\",\"spare\"]", "[\"plan\",\"visits\"]"},
        {"{\"learner\"", "[\"learner\""},
    };
    for (const auto& [from, to] : changes) {
        const std::string text =
            std::string_view(from) == "[0,1,0,0,0],\n"
                ? document("\"split_indices\":[0,1,0,0,0]", "\"split_indices\":[0,3,0,0,0]")
                : document(from, to);
        EXPECT_EQ(refusal(text), base::ErrorKind::CorruptData) << from << " to " << to;
    }
}

TEST(Exchange, RefusesOptionsThatDoNotFit) {
    for (const char* options :
         {"[1]", R"({"colour": "red"})", R"({"features": ["a", "b"]})",
          R"({"features": [1, 2, 3]})", R"({"features": ["a", "a", "b"]})",
          R"({"features": {"nothing": "a"}})", R"({"categories": ["a"]})",
          R"({"categories": {"nothing": ["a"]}})", R"({"categories": {"visits": ["a"]}})",
          R"({"categories": {"plan": ["a", "a", "b"]}})", R"({"label": 1})"})
        EXPECT_EQ(refusal(document(), options), base::ErrorKind::BadArgument) << options;
    // Categories that nobody names.
    EXPECT_EQ(refusal(document(R"("cats")", R"("dogs")")), base::ErrorKind::BadArgument);
}

// The fields of a message of Protocol Buffers, by number: bytes, or an integer's digits.
std::multimap<uint64_t, std::string> fieldsOf(std::string_view bytes) {
    std::multimap<uint64_t, std::string> fields;
    size_t at = 0;
    const auto varint = [&] {
        uint64_t value = 0;
        for (unsigned shift = 0;; shift += 7) {
            const auto byte = static_cast<uint8_t>(bytes.at(at++));
            value |= uint64_t{byte & 0x7fU} << shift;
            if (byte < 0x80)
                return value;
        }
    };
    while (at < bytes.size()) {
        const uint64_t key = varint();
        const uint64_t value = varint();
        if ((key & 7) == 0) {
            fields.emplace(key >> 3, std::to_string(value));
        } else {
            EXPECT_EQ(key & 7, 2U);
            EXPECT_LE(value, bytes.size() - at);
            fields.emplace(key >> 3, bytes.substr(at, value));
            at += value;
        }
    }
    return fields;
}

TEST(Exchange, OnnxNamesWhatTheModelAsksFor) {
    Model model = boosted("isotonic");
    // A category that would be taken for NULL, and a feature with the name of the output.
    model.features[3].categories[0] = "";
    model.features[0].name = "probability";
    const auto fields = fieldsOf(onnxOf(model, true));
    EXPECT_EQ(fields.find(1)->second, "8");
    std::map<std::string, std::string> metadata;
    for (auto [at, end] = fields.equal_range(14); at != end; ++at) {
        const auto entry = fieldsOf(at->second);
        metadata[entry.find(1)->second] = entry.find(2)->second;
    }
    EXPECT_EQ(metadata["null_text"], "NULL");
    EXPECT_EQ(metadata["label"], model.label);
    const auto graph = fieldsOf(fields.find(7)->second);
    std::vector<std::string> inputs;
    for (auto [at, end] = graph.equal_range(11); at != end; ++at)
        inputs.push_back(fieldsOf(at->second).find(1)->second);
    EXPECT_EQ(inputs, (std::vector<std::string>{"probability", "b", "plan", "flag"}));
    EXPECT_EQ(fieldsOf(graph.find(12)->second).find(1)->second, "probability_");
    EXPECT_THROW((void)onnxOf(Model{}, true), base::Error);
}

size_t occurrences(std::string_view text, std::string_view what) {
    size_t count = 0;
    for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1))
        count++;
    return count;
}

TEST(Exchange, PmmlHoldsEveryTreeAndEscapesNames) {
    Model model = boosted("isotonic");
    model.features[0].name = "a <&> \"b\"";
    const std::string text = pmmlOf(model, true);
    EXPECT_EQ(occurrences(text, "<TreeModel"), model.trees.roots.size());
    EXPECT_EQ(occurrences(text, "<Node "), model.trees.nodes.size());
    EXPECT_EQ(occurrences(text, "<Node "), occurrences(text, "</Node>"));
    EXPECT_NE(text.find("name=\"a &lt;&amp;&gt; &quot;b&quot;\""), std::string::npos);
    EXPECT_EQ(text.find("a <&>"), std::string::npos);
    model.features[1].name = "\x01";
    EXPECT_THROW((void)pmmlOf(model, true), base::Error);
    EXPECT_THROW((void)pmmlOf(Model{}, true), base::Error);
}

TEST(Json, IsReadStrictly) {
    const Json value = parseJson(
        R"( {"a": [1, -2.5e1, true], "b": {"c": true}, "d": "x\"\u00e4\ud83d\ude00", "e": "3"} )");
    EXPECT_EQ(value.at("a").floats(), (std::vector<float>{1, -25, 1}));
    EXPECT_EQ(value.at("e").toLong(), 3);
    EXPECT_TRUE(value.at("b").at("c").toBool());
    EXPECT_EQ(value.at("d").toText(), "x\"\xc3\xa4\xf0\x9f\x98\x80");
    EXPECT_THROW((void)value.at("missing"), base::Error);
    for (const char* bad : {"", "{", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "[1]x", "\"abc", "tru",
                            "{\"a\":1,}", "nul", "[1, \"a\"]", "[1"})
        EXPECT_THROW((void)parseJson(bad), base::Error) << bad;
    EXPECT_THROW((void)parseJson(std::string(1000, '[')), base::Error);
    EXPECT_THROW((void)parseJson("[1.5.5]").floats(), base::Error);
    EXPECT_THROW((void)parseJson("[1e99]").floats(), base::Error);
    EXPECT_EQ(parseJson("[1e-99]").floats()[0], 0);
    for (const char* bad : {"\"\\ud83d\"", "\"\\u0000\"", "\"\\ux\"", "\"\\q\""})
        EXPECT_THROW((void)parseJson(bad).toText(), base::Error) << bad;
    std::string written;
    appendJsonText("a\"\\\n\xc3\xa4", written);
    EXPECT_EQ(parseJson(written).toText(), "a\"\\\n\xc3\xa4");
}

}  // namespace
}  // namespace footfall::exchange
