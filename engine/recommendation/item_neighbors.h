// Items that the same customers have.
//
// Weights of a product's customers are a vector; the similarity of two products is the product of
// their vectors, which before were divided by their length (cosine), or weighed as documents of
// customers are by BM25. Each product keeps the most similar ones.
#pragma once

#include "engine/recommendation/options.h"
#include "engine/recommendation/parallel_rows.h"
#include "engine/recommendation/sparse_matrix.h"

namespace footfall::recommendation {

// `weights`: a row a customer. Gives a row a product, similarities falling and positive.
SparseMatrix findNeighbors(const SparseMatrix& weights, const Options& options, unsigned threads,
                           model::Monitor& monitor, Progress& progress);

}  // namespace footfall::recommendation
