// See ranker.h.
#include "engine/recommendation/ranker.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace footfall::recommendation {

namespace {

bool isBetter(const Ranked& a, const Ranked& b) {
    return a.score != b.score ? a.score > b.score : a.product < b.product;
}

// Keeps the best few of what is offered.
class Best {
  public:
    explicit Best(size_t count) : count_(count) {}

    void offer(uint32_t product, double score) {
        const Ranked candidate = {product, score, false};
        if (heap_.size() < count_) {
            heap_.push_back(candidate);
            std::ranges::push_heap(heap_, isBetter);
        } else if (count_ > 0 && isBetter(candidate, heap_.front())) {
            std::ranges::pop_heap(heap_, isBetter);
            heap_.back() = candidate;
            std::ranges::push_heap(heap_, isBetter);
        }
    }
    std::vector<Ranked> take() {
        std::ranges::sort(heap_, isBetter);
        return std::move(heap_);
    }

  private:
    size_t count_;
    std::vector<Ranked> heap_;  // the worst in front
};

// In lanes, which compilers turn into vector instructions without changing the order of additions.
float product(std::span<const float> a, std::span<const float> b) {
    constexpr size_t kLanes = 8;
    float lanes[kLanes] = {};
    size_t i = 0;
    for (; i + kLanes <= a.size(); i += kLanes) {
        for (size_t lane = 0; lane < kLanes; lane++)
            lanes[lane] += a[i + lane] * b[i + lane];
    }
    float sum = 0;
    for (const float lane : lanes)
        sum += lane;
    for (; i < a.size(); i++)
        sum += a[i] * b[i];
    return sum;
}

bool isZero(std::span<const float> factors) {
    return std::ranges::all_of(factors, [](float factor) { return factor == 0; });
}

}  // namespace

Ranker::Ranker(const Recommender& recommender)
    : recommender_(&recommender), excluded_(recommender.products(), 0) {
    if (recommender.algorithm != Algorithm::Als)
        scores_.assign(recommender.products(), 0);
}

std::vector<Ranked> Ranker::forCustomer(uint32_t customer, size_t count, bool excludeBought) {
    const SparseMatrix& history = recommender_->history;
    const auto mark = [&](uint8_t value) {
        for (uint64_t i = history.starts[customer]; i < history.starts[customer + size_t{1}]; i++) {
            if (recommender_->bought[i])
                excluded_[history.columns[i]] = value;
        }
    };
    if (excludeBought)
        mark(1);
    std::vector<Ranked> chosen = recommender_->algorithm == Algorithm::Als
                                     ? byFactors(customer, count)
                                     : byNeighbors(customer, count);
    fillUp(chosen, count);
    mark(0);
    return chosen;
}

std::vector<Ranked> Ranker::byFactors(uint32_t customer, size_t count) const {
    const auto factors = recommender_->factorsOfCustomer(customer);
    if (isZero(factors))
        return {};
    Best best(count);
    for (uint32_t i = 0; i < recommender_->products(); i++) {
        if (recommender_->popularity[i] > 0 && excluded_[i] == 0)
            best.offer(i, product(factors, recommender_->factorsOfProduct(i)));
    }
    return best.take();
}

std::vector<Ranked> Ranker::byNeighbors(uint32_t customer, size_t count) {
    const auto had = recommender_->history.columnsOf(customer);
    const auto weights = recommender_->history.valuesOf(customer);
    std::vector<uint32_t> touched;
    for (size_t i = 0; i < had.size(); i++) {
        if (!(weights[i] > 0))
            continue;
        const auto neighbors = recommender_->neighbors.columnsOf(had[i]);
        const auto similarities = recommender_->neighbors.valuesOf(had[i]);
        for (size_t n = 0; n < neighbors.size(); n++) {
            if (scores_[neighbors[n]] == 0)
                touched.push_back(neighbors[n]);
            scores_[neighbors[n]] += static_cast<double>(weights[i]) * similarities[n];
        }
    }
    Best best(count);
    for (const uint32_t candidate : touched) {
        // A score so small that it is 0 may be there twice; the second time it is gone.
        if (scores_[candidate] > 0 && recommender_->popularity[candidate] > 0 &&
            excluded_[candidate] == 0)
            best.offer(candidate, scores_[candidate]);
        scores_[candidate] = 0;
    }
    return best.take();
}

void Ranker::fillUp(std::vector<Ranked>& chosen, size_t count) {
    if (chosen.size() >= count)
        return;
    if (mostPopular_.empty()) {
        mostPopular_.resize(recommender_->products());
        std::iota(mostPopular_.begin(), mostPopular_.end(), 0U);
        std::ranges::stable_sort(mostPopular_, [&](uint32_t a, uint32_t b) {
            return recommender_->popularity[a] > recommender_->popularity[b];
        });
    }
    std::vector<uint32_t> taken;
    taken.reserve(chosen.size());
    for (const Ranked& ranked : chosen)
        taken.push_back(ranked.product);
    std::ranges::sort(taken);
    for (const uint32_t candidate : mostPopular_) {
        const uint32_t customers = recommender_->popularity[candidate];
        if (chosen.size() == count || customers == 0)
            break;
        if (excluded_[candidate] == 0 && !std::ranges::binary_search(taken, candidate))
            chosen.push_back(
                {candidate, static_cast<double>(customers) / recommender_->customers(), true});
    }
}

std::vector<Ranked> Ranker::popular(size_t count) {
    std::vector<Ranked> chosen;
    fillUp(chosen, count);
    return chosen;
}

std::vector<Ranked> Ranker::similarTo(uint32_t wanted, size_t count) const {
    Best best(count);
    if (recommender_->algorithm != Algorithm::Als) {
        const auto neighbors = recommender_->neighbors.columnsOf(wanted);
        const auto similarities = recommender_->neighbors.valuesOf(wanted);
        for (size_t i = 0; i < neighbors.size(); i++)
            best.offer(neighbors[i], similarities[i]);
        return best.take();
    }
    const auto factors = recommender_->factorsOfProduct(wanted);
    const double length = std::sqrt(product(factors, factors));
    for (uint32_t i = 0; i < recommender_->products(); i++) {
        const auto others = recommender_->factorsOfProduct(i);
        const double both = length * std::sqrt(product(others, others));
        if (i != wanted && recommender_->popularity[i] > 0 && both > 0)
            best.offer(i, std::clamp(product(factors, others) / both, -1.0, 1.0));
    }
    return best.take();
}

}  // namespace footfall::recommendation
