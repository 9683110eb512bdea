// Who had how much of what: what a recommender learns from, and what it is judged by.
//
// Events before the split and events from it on are kept apart: a recommender that is judged has
// learnt from the former only. A weight is the sum over a customer's events with a product; what
// was bought may weigh nothing.
#pragma once

#include "engine/recommendation/id_list.h"
#include "engine/recommendation/sparse_matrix.h"

namespace footfall::recommendation {

struct Interaction {
    static constexpr uint32_t kBoughtBefore = 1;
    static constexpr uint32_t kBoughtLater = 2;

    uint32_t product = 0;
    float before = 0;
    float later = 0;
    uint32_t bought = 0;
};

struct Interactions {
    IdList customerIds;
    IdList productIds;
    // The entries of customer i stand in [starts[i], starts[i + 1]), products rising.
    std::vector<uint64_t> starts = {0};
    std::vector<Interaction> entries;

    uint32_t customers() const { return static_cast<uint32_t>(starts.size() - 1); }
    uint32_t products() const { return productIds.size(); }
    std::span<const Interaction> of(uint32_t customer) const {
        return std::span(entries).subspan(starts[customer],
                                          starts[customer + size_t{1}] - starts[customer]);
    }

    void pack(base::ByteWriter& writer) const;
    static Interactions unpack(base::ByteReader& reader);
};

// Which events are learnt from.
enum class Events { BeforeSplit, All };

inline float weightOf(const Interaction& entry, Events events) {
    return events == Events::All ? entry.before + entry.later : entry.before;
}
inline bool isBought(const Interaction& entry, Events events) {
    return events == Events::All ? entry.bought != 0
                                 : (entry.bought & Interaction::kBoughtBefore) != 0;
}

// A row a customer, of what weighs something.
SparseMatrix weightsOf(const Interactions& interactions, Events events);

}  // namespace footfall::recommendation
