// See item_neighbors.h.
#include "engine/recommendation/item_neighbors.h"

#include <cmath>

namespace footfall::recommendation {

namespace {

void divideByLength(SparseMatrix& items) {
    for (uint32_t item = 0; item < items.rows(); item++) {
        double squares = 0;
        for (const float value : items.valuesOf(item))
            squares += static_cast<double>(value) * value;
        for (uint64_t i = items.starts[item]; i < items.starts[item + size_t{1}]; i++)
            items.values[i] = static_cast<float>(items.values[i] / std::sqrt(squares));
    }
}

// Items are documents, customers are terms.
void weighByBm25(SparseMatrix& items, double k1, double b) {
    std::vector<double> itemsOf(items.width, 0);
    double total = 0;
    std::vector<double> sums(items.rows(), 0);
    for (uint32_t item = 0; item < items.rows(); item++) {
        for (uint64_t i = items.starts[item]; i < items.starts[item + size_t{1}]; i++) {
            itemsOf[items.columns[i]]++;
            sums[item] += items.values[i];
        }
        total += sums[item];
    }
    const double average = total / items.rows();
    for (uint32_t item = 0; item < items.rows(); item++) {
        const double norm = k1 * (1 - b + b * sums[item] / average);
        for (uint64_t i = items.starts[item]; i < items.starts[item + size_t{1}]; i++) {
            const double rarity =
                std::log(static_cast<double>(items.rows())) - std::log1p(itemsOf[items.columns[i]]);
            const double weight = items.values[i];
            items.values[i] = static_cast<float>(weight * (k1 + 1) / (norm + weight) * rarity);
        }
    }
}

struct Neighbor {
    uint32_t product;
    float similarity;
};

bool isNearer(const Neighbor& a, const Neighbor& b) {
    return a.similarity != b.similarity ? a.similarity > b.similarity : a.product < b.product;
}

// What a thread works in.
struct Room {
    std::vector<double> sums;  // by product; all 0 between rows
    std::vector<uint32_t> touched;
    std::vector<Neighbor> found;
};

void findNeighborsOf(uint32_t item, const SparseMatrix& items, const SparseMatrix& customers,
                     size_t most, Room& room) {
    room.touched.clear();
    room.found.clear();
    room.sums.resize(items.rows());
    const auto having = items.columnsOf(item);
    const auto weights = items.valuesOf(item);
    for (size_t c = 0; c < having.size(); c++) {
        const auto others = customers.columnsOf(having[c]);
        const auto values = customers.valuesOf(having[c]);
        for (size_t i = 0; i < others.size(); i++) {
            if (room.sums[others[i]] == 0)
                room.touched.push_back(others[i]);
            room.sums[others[i]] += static_cast<double>(weights[c]) * values[i];
        }
    }
    for (const uint32_t other : room.touched) {
        // What sums up to 0 on the way may be there twice; the second time it is gone.
        const auto similarity = static_cast<float>(room.sums[other]);
        if (other != item && similarity > 0)
            room.found.push_back({other, similarity});
        room.sums[other] = 0;
    }
    const size_t kept = std::min(most, room.found.size());
    std::ranges::partial_sort(room.found, room.found.begin() + static_cast<ptrdiff_t>(kept),
                              isNearer);
    room.found.resize(kept);
}

}  // namespace

SparseMatrix findNeighbors(const SparseMatrix& weights, const Options& options, unsigned threads,
                           model::Monitor& monitor, Progress& progress) {
    SparseMatrix items = weights.transposed();
    if (options.algorithm == Algorithm::Cosine) {
        divideByLength(items);
    } else {
        weighByBm25(items, options.k1, options.b);
    }
    const SparseMatrix customers = items.transposed();
    const auto most = static_cast<size_t>(options.neighbors);
    std::vector<Room> rooms(threads);
    std::vector<std::vector<Neighbor>> found(items.rows());
    parallelRows(items.rows(), threads, monitor, progress, [&](unsigned thread, uint32_t item) {
        findNeighborsOf(item, items, customers, most, rooms[thread]);
        found[item].assign(rooms[thread].found.begin(), rooms[thread].found.end());
    });
    SparseMatrix neighbors;
    neighbors.width = items.rows();
    for (const auto& row : found) {
        for (const auto& [product, similarity] : row)
            neighbors.add(product, similarity);
        neighbors.endRow();
    }
    return neighbors;
}

}  // namespace footfall::recommendation
