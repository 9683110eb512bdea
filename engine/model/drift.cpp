// See drift.h.
#include "engine/model/drift.h"

#include <algorithm>

namespace footfall::model {

size_t binOf(const Feature& feature, const Distribution& distribution, float value) {
    if (std::isnan(value))
        return distribution.shares.size() - 1;
    if (feature.kind == FeatureKind::Text) {
        return value >= 0 ? static_cast<size_t>(value) : feature.categories.size();
    }
    return static_cast<size_t>(std::ranges::upper_bound(distribution.edges, value) -
                               distribution.edges.begin());
}

Distribution distributionOf(const Feature& feature, std::span<const float> column,
                            std::span<const uint32_t> rows) {
    Distribution result;
    size_t bins = feature.categories.size() + 1;
    if (feature.kind != FeatureKind::Text) {
        std::vector<float> sorted;
        for (const uint32_t row : rows) {
            if (!std::isnan(column[row]))
                sorted.push_back(column[row]);
        }
        std::ranges::sort(sorted);
        constexpr size_t kRanges = 10;
        for (size_t i = 1; i < kRanges && !sorted.empty(); i++) {
            const float edge = sorted[i * sorted.size() / kRanges];
            if (edge > sorted.front() && (result.edges.empty() || edge > result.edges.back()))
                result.edges.push_back(edge);
        }
        bins = result.edges.size() + 1;
    }
    result.shares.assign(bins + 1, 0);
    for (const uint32_t row : rows)
        result.shares[binOf(feature, result, column[row])] += 1;
    for (double& share : result.shares)
        share /= static_cast<double>(std::max<size_t>(rows.size(), 1));
    return result;
}

double stabilityIndex(std::span<const double> before, std::span<const double> now) {
    constexpr double kLeastShare = 0.0005;
    double sum = 0;
    for (size_t i = 0; i < before.size(); i++) {
        if (before[i] == 0 && now[i] == 0)
            continue;
        const double b = std::max(before[i], kLeastShare);
        const double n = std::max(now[i], kLeastShare);
        sum += (n - b) * std::log(n / b);
    }
    return sum;
}

}  // namespace footfall::model
