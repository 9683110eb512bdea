// See importance.h.
#include "engine/model/importance.h"

#include <algorithm>

#include "engine/model/metrics.h"
#include "engine/model/random.h"
#include "engine/model/scorer.h"

namespace footfall::model {

std::vector<double> permutationImportance(const Model& model, const Dataset& dataset,
                                          std::span<const uint32_t> rows, uint64_t seed,
                                          Monitor& monitor) {
    constexpr size_t kMaxRows = 20000;
    constexpr uint64_t kStream = 3;
    Random random(seed, kStream);
    std::vector<uint32_t> chosen(rows.begin(), rows.end());
    if (chosen.size() > kMaxRows) {
        random.shuffle(chosen);
        chosen.resize(kMaxRows);
    }
    std::vector<double> result(model.features.size());
    const auto labels = labelsOf(dataset, chosen);
    if (std::ranges::count(labels, labels.front()) == std::ssize(labels))
        return result;
    const Scorer scorer(model);
    std::vector<float> features = featureRows(dataset, chosen);
    std::vector<double> margins(chosen.size());
    scorer.margins(features, margins);
    const double whole = rocAuc(margins, labels);
    const size_t width = model.features.size();
    for (size_t feature = 0; feature < width; feature++) {
        monitor.check();
        if (model.features[feature].constant)
            continue;
        std::vector<float> column;
        for (size_t row = 0; row < chosen.size(); row++)
            column.push_back(features[row * width + feature]);
        std::vector<float> shuffled = column;
        random.shuffle(shuffled);
        for (size_t row = 0; row < chosen.size(); row++)
            features[row * width + feature] = shuffled[row];
        scorer.margins(features, margins);
        result[feature] = whole - rocAuc(margins, labels);
        for (size_t row = 0; row < chosen.size(); row++)
            features[row * width + feature] = column[row];
    }
    return result;
}

}  // namespace footfall::model
