// See channel_graph.h.
#include "engine/statistics/channel_graph.h"

#include <algorithm>

#include "engine/base/error.h"

namespace footfall::statistics {

ChannelGraph::ChannelGraph(size_t channels) : channels_(channels) {
    if (channels > kMaxChannels) {
        throw base::Error(base::ErrorKind::BadArgument, "%zu channels are more than %u", channels,
                          kMaxChannels)
            .withHint("Group them, by source or by campaign, before their removal is weighed.");
    }
    counts_.resize((channels_ + 1) * (channels_ + 2), 0);
}

void ChannelGraph::add(uint32_t from, uint32_t to, double count) {
    if (from == to)
        return;
    const size_t column =
        to == kConversion ? channels_ : (to == kNothing ? channels_ + 1 : size_t{to});
    cell(rowOf(from), column) += count;
}

// The inverse of I - Q. Its rows are diagonally dominant, so Gauss-Jordan needs no pivoting.
std::vector<double> ChannelGraph::expectedVisits(void (*poll)()) const {
    const size_t n = channels_;
    std::vector<double> matrix(n * n, 0);
    for (size_t row = 0; row < n; row++) {
        double leaving = 0;
        for (size_t column = 0; column < n + 2; column++)
            leaving += cell(row, column);
        for (size_t column = 0; column < n && leaving > 0; column++)
            matrix[row * n + column] = -cell(row, column) / leaving;
        matrix[row * n + row] += 1;
    }
    for (size_t pivot = 0; pivot < n; pivot++) {
        poll();
        double* pivotRow = matrix.data() + pivot * n;
        const double factor = 1 / pivotRow[pivot];
        pivotRow[pivot] = 1;
        for (size_t column = 0; column < n; column++)
            pivotRow[column] *= factor;
        for (size_t row = 0; row < n; row++) {
            double* other = matrix.data() + row * n;
            const double share = other[pivot];
            if (row == pivot || share == 0)
                continue;
            other[pivot] = 0;
            for (size_t column = 0; column < n; column++)
                other[column] -= share * pivotRow[column];
        }
    }
    return matrix;
}

std::vector<double> ChannelGraph::removalEffects(void (*poll)()) const {
    const size_t n = channels_;
    const std::vector<double> visits = expectedVisits(poll);
    std::vector<double> converting(n, 0);  // P(conversion) from each channel
    std::vector<double> visited(n, 0);     // expected visits of each channel from the start
    std::vector<double> direct(n, 0);      // P(conversion in one step)
    double starting = 0;
    for (size_t row = 0; row < n; row++) {
        double leaving = 0;
        for (size_t column = 0; column < n + 2; column++)
            leaving += cell(row, column);
        direct[row] = leaving > 0 ? cell(row, n) / leaving : 0;
        starting += cell(n, row);
    }
    for (size_t row = 0; row < n; row++) {
        const double share = starting > 0 ? cell(n, row) / starting : 0;
        for (size_t column = 0; column < n; column++) {
            converting[row] += visits[row * n + column] * direct[column];
            visited[column] += share * visits[row * n + column];
        }
    }
    double conversion = 0;
    for (size_t row = 0; row < n; row++)
        conversion += starting > 0 ? cell(n, row) / starting * converting[row] : 0;
    std::vector<double> effects(n, 0);
    for (size_t channel = 0; channel < n && conversion > 0; channel++) {
        const double everThere = visited[channel] / visits[channel * n + channel];
        effects[channel] = std::clamp(everThere * converting[channel] / conversion, 0.0, 1.0);
    }
    return effects;
}

}  // namespace footfall::statistics
