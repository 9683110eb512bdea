// Models from other tools: what is accepted can be stored, scores, explains itself, and is written
// in a form that is accepted and scores the same, bit for bit. A first line that begins with "{"
// and ends before a second one is the options of the import.
#include <bit>

#include "engine/exchange/onnx.h"
#include "engine/exchange/pmml.h"
#include "engine/exchange/xgboost_json.h"
#include "engine/model/scorer.h"
#include "engine/model/tree_shap.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace footfall;

constexpr size_t kRows = 12;

std::vector<double> scores(const model::Model& found) {
    std::vector<float> features;
    for (size_t i = 0; i < kRows * found.features.size(); i++)
        features.push_back(i % 3 == 0 ? model::kNull : static_cast<float>(i % 5) - 1);
    std::vector<double> probabilities(kRows);
    model::Scorer(found).probabilities(features, probabilities);
    if (found.trees.nodes.size() < 1000) {
        (void)byFeature(found,
                        contributionsOf(found, std::span(features).first(found.features.size())));
    }
    return probabilities;
}

void roundTrip(const model::Model& found) {
    std::string text;
    try {
        text = exchange::xgboostJsonOf(found, true);
    } catch (const base::Error& error) {
        // Such as a base beyond single precision.
        if (error.kind() != base::ErrorKind::Unsupported)
            std::abort();
        return;
    }
    try {
        const auto before = scores(found);
        const auto after = scores(exchange::modelOfXgboostJson(text, exchange::kNoOptions));
        for (size_t row = 0; row < kRows; row++) {
            if (std::bit_cast<uint64_t>(before[row]) != std::bit_cast<uint64_t>(after[row]))
                std::abort();
        }
    } catch (const base::Error&) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    std::string_view options = exchange::kNoOptions;
    if (const size_t end = text.find("\n{"); end < 200) {
        options = text.substr(0, end);
        text.remove_prefix(end + 1);
    }
    fuzz::expectSafe([&] {
        model::Model found;
        try {
            found = exchange::modelOfXgboostJson(text, options);
        } catch (const base::Error& error) {
            if (error.kind() == base::ErrorKind::BadArgument)
                return;
            throw;
        }
        base::ByteWriter writer;
        try {
            found.pack(writer);
            base::ByteReader reader(writer.bytes());
            (void)model::Model::unpack(reader);
        } catch (const base::Error&) {
            std::abort();
        }
        roundTrip(found);
        (void)exchange::onnxOf(found, true);
        (void)exchange::pmmlOf(found, true);
    });
    return 0;
}
