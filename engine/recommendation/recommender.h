// What has been learnt: a vector of factors for each customer and product (ALS), or for each
// product its neighbours (cosine, BM25); and what each customer has already.
//
// Customers and products are numbers here; the lists of names say whose. A product that none of the
// learnt events has is never recommended: `popularity` 0.
#pragma once

#include "engine/recommendation/id_list.h"
#include "engine/recommendation/interactions.h"
#include "engine/recommendation/options.h"
#include "engine/recommendation/sparse_matrix.h"

namespace footfall::recommendation {

struct Recommender {
    Algorithm algorithm = Algorithm::Als;
    IdList customerIds;
    IdList productIds;
    // How many customers had the product.
    std::vector<uint32_t> popularity;
    // A row a customer, products rising. For ALS what was bought, without values; else everything,
    // with its weight.
    SparseMatrix history;
    // Of each entry of `history`.
    std::vector<bool> bought;

    // ALS: an array of `factors` a customer, a product. All zero: nothing is known.
    uint32_t factors = 0;
    std::vector<float> customerFactors;
    std::vector<float> productFactors;

    // The others: a row a product, the values similarities, falling and positive.
    SparseMatrix neighbors;

    uint32_t customers() const { return history.rows(); }
    uint32_t products() const { return static_cast<uint32_t>(popularity.size()); }
    std::span<const float> factorsOfCustomer(uint32_t customer) const {
        return std::span(customerFactors).subspan(size_t{customer} * factors, factors);
    }
    std::span<const float> factorsOfProduct(uint32_t product) const {
        return std::span(productFactors).subspan(size_t{product} * factors, factors);
    }

    // Takes over who and what there is, the popularity and the history; leaves what is learnt.
    void describe(const Interactions& interactions, Events events);

    void pack(base::ByteWriter& writer) const;
    // CorruptData when the bytes are no recommender; nothing in them is trusted.
    static Recommender unpack(base::ByteReader& reader);
};

// Products of vectors of such factors are finite.
constexpr float kMaxFactor = 1e15F;

// The first byte of a stored recommender.
constexpr uint8_t kRecommenderMagic = 'R';

}  // namespace footfall::recommendation
