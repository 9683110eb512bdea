// Stored models and XGBoost's JSON: what is accepted scores, explains itself, and is written in a
// form that is accepted. The checksum at the end is put right first: else it would hide everything
// behind it.
#include "engine/base/checksum.h"
#include "engine/model/model.h"
#include "engine/model/scorer.h"
#include "engine/model/tree_shap.h"
#include "engine/exchange/xgboost_json.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace footfall;

void tryModel(std::span<const std::byte> given) {
    std::vector<std::byte> bytes(given.begin(), given.end());
    if (bytes.size() > sizeof(uint32_t)) {
        const size_t body = bytes.size() - sizeof(uint32_t);
        const uint32_t checksum = base::crc32c(std::span(bytes).first(body));
        std::memcpy(bytes.data() + body, &checksum, sizeof(checksum));
    }
    base::ByteReader reader(bytes);
    const model::Model found = model::Model::unpack(reader);
    const model::Scorer scorer(found);
    const size_t width = found.features.size();
    constexpr size_t kRows = 10;
    std::vector<float> features;
    for (size_t i = 0; i < kRows * width; i++)
        features.push_back(i % 3 == 0 ? model::kNull : static_cast<float>(i % 5) - 1);
    std::vector<double> probabilities(kRows);
    scorer.probabilities(features, probabilities);
    // The exact contributions take quadratic time in the depth, which is fine, and linear in nodes.
    if (found.trees.nodes.size() < 1000)
        (void)byFeature(found, contributionsOf(found, std::span(features).first(width)));
    for (const model::Input& input : found.inputs)
        (void)describe(input, found.features);
    try {
        base::ByteWriter writer;
        found.pack(writer);
        base::ByteReader second(writer.bytes());
        (void)model::Model::unpack(second);
    } catch (const base::Error&) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
    if (size == 0)
        return 0;
    fuzz::expectSafe([&] {
        if (data[0] == 'M') {
            tryModel(bytes);
        } else {
            (void)exchange::treesOfXgboostJson({reinterpret_cast<const char*>(data), size}, 8);
        }
    });
    return 0;
}
