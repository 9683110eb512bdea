// Alternating least squares for implicit feedback (Hu, Koren and Volinsky, 2008), on Eigen.
//
// An event of weight w makes it 1 + alpha * w sure that the customer likes the product; everything
// else is taken for a dislike that is 1 sure. In turns the customers' factors are solved for, given
// the products', and the other way round: a few steps of conjugate gradients from where the last
// turn ended. Rows are independent of each other within a turn, so the result is the same whatever
// the number of threads.
#pragma once

#include "engine/recommendation/parallel_rows.h"
#include "engine/recommendation/recommender.h"

namespace footfall::training {

// `weights`: a row a customer. Fills in the factors.
void trainFactors(recommendation::Recommender& recommender,
                  const recommendation::SparseMatrix& weights,
                  const recommendation::Options& options, unsigned threads, model::Monitor& monitor,
                  recommendation::Progress& progress);

}  // namespace footfall::training
