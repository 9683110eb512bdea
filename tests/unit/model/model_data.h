// Rows with a known truth, for the tests of models.
#pragma once

#include <cmath>

#include "engine/model/dataset.h"
#include "engine/model/monitor.h"
#include "engine/model/random.h"

namespace footfall::model {

struct NoMonitor final : Monitor {
    void check() override {}
    void progress(size_t, size_t) override {}
};

// Two numbers, one with NULLs, a constant, a text, a boolean; log odds are
// 1.5 * a - 0.8 * b + (plan = "gold" ? -1 : 0) + (flag ? 0.5 : 0) - 0.3.
inline Dataset sampleDataset(size_t rows, uint64_t seed = 1) {
    Random random(seed);
    const auto normal = [&] {
        return std::sqrt(-2 * std::log(1 - random.fraction())) *
               std::cos(6.283185307179586 * random.fraction());
    };
    Dataset dataset;
    dataset.features = {{"a", FeatureKind::Number, {}, false, {}},
                        {"b", FeatureKind::Number, {}, false, {}},
                        {"same", FeatureKind::Number, {}, false, {}},
                        {"plan", FeatureKind::Text, {"silver", "gold", "bronze"}, false, {}},
                        {"flag", FeatureKind::Boolean, {}, false, {}}};
    dataset.columns.resize(dataset.features.size());
    for (size_t row = 0; row < rows; row++) {
        const double a = normal();
        const double b = 10 * normal();
        const bool unknown = random.below(10) == 0;
        const uint32_t plan = random.below(3);
        const bool flag = random.below(2) == 0;
        const double odds =
            1.5 * a - (unknown ? 0 : 0.08 * b) - (plan == 1 ? 1 : 0) + (flag ? 0.5 : 0) - 0.3;
        dataset.columns[0].push_back(static_cast<float>(a));
        dataset.columns[1].push_back(unknown ? kNull : static_cast<float>(b));
        dataset.columns[2].push_back(7);
        dataset.columns[3].push_back(static_cast<float>(plan));
        dataset.columns[4].push_back(flag ? 1 : 0);
        dataset.labels.push_back(random.fraction() < 1 / (1 + std::exp(-odds)) ? 1 : 0);
    }
    dataset.roles.assign(rows, Role::Train);
    return dataset;
}

}  // namespace footfall::model
