// See als.h.
#include "engine/training/als.h"

#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Core>

#include "engine/base/error.h"
#include "engine/model/random.h"

namespace footfall::training {

using recommendation::SparseMatrix;

namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXf;
using Factors = Eigen::Map<Matrix>;
using Row = Eigen::Map<Vector>;

// Enough: the next turn goes on from there.
constexpr int kSteps = 3;
constexpr float kSolved = 1e-20F;

Factors factorsIn(std::vector<float>& numbers, uint32_t rows, uint32_t width) {
    return {numbers.data(), rows, width};
}

Row rowOf(Factors& factors, uint32_t row) {
    return {factors.data() + size_t{row} * static_cast<size_t>(factors.cols()), factors.cols()};
}

// Y'Y + regularization: what all rows have in common. In blocks, so that it can be stopped.
Matrix gramian(Factors& factors, float regularization, model::Monitor& monitor,
               const recommendation::Progress& progress) {
    constexpr Eigen::Index kBlock = 4096;
    Matrix result = Matrix::Identity(factors.cols(), factors.cols()) * regularization;
    for (Eigen::Index begin = 0; begin < factors.rows(); begin += kBlock) {
        monitor.progress(progress.done, progress.total);
        const auto block = factors.middleRows(begin, std::min(kBlock, factors.rows() - begin));
        result.noalias() += block.transpose() * block;
    }
    return result;
}

// One row: (Y'CY + regularization) x = Y'c, with C the sureness, Y the other side's factors.
class Solver {
  public:
    Solver(Factors& others, const Matrix& common, float alpha)
        : others_(others), common_(common), alpha_(alpha) {}

    void solve(std::span<const uint32_t> columns, std::span<const float> weights, Row x) {
        residual_.noalias() = common_ * x;
        residual_ = -residual_;
        for (size_t i = 0; i < columns.size(); i++) {
            const Row other = rowOf(others_, columns[i]);
            const float beyond = alpha_ * weights[i];
            residual_ += (1 + beyond - beyond * other.dot(x)) * other;
        }
        direction_ = residual_;
        float before = residual_.squaredNorm();
        for (int step = 0; step < kSteps && before > kSolved; step++) {
            product_.noalias() = common_ * direction_;
            for (size_t i = 0; i < columns.size(); i++) {
                const Row other = rowOf(others_, columns[i]);
                product_ += alpha_ * weights[i] * other.dot(direction_) * other;
            }
            const float length = before / direction_.dot(product_);
            x += length * direction_;
            residual_ -= length * product_;
            const float after = residual_.squaredNorm();
            direction_ = residual_ + after / before * direction_;
            before = after;
        }
    }

  private:
    Factors& others_;
    const Matrix& common_;
    float alpha_;
    Vector residual_;
    Vector direction_;
    Vector product_;
};

struct Side {
    Factors factors;
    const SparseMatrix& weights;
};

void solveSide(Side& side, Side& other, const recommendation::Options& options, unsigned threads,
               model::Monitor& monitor, recommendation::Progress& progress) {
    const Matrix common =
        gramian(other.factors, static_cast<float>(options.regularization), monitor, progress);
    std::vector<Solver> solvers(threads,
                                Solver(other.factors, common, static_cast<float>(options.alpha)));
    parallelRows(side.weights.rows(), threads, monitor, progress,
                 [&](unsigned thread, uint32_t row) {
                     solvers[thread].solve(side.weights.columnsOf(row), side.weights.valuesOf(row),
                                           rowOf(side.factors, row));
                 });
}

// Small numbers by chance; rows without a weight stay 0, and are not in anybody's way.
std::vector<float> beginning(const SparseMatrix& weights, uint32_t width,
                             const recommendation::Options& options, uint64_t stream) {
    constexpr double kScale = 0.01;
    model::Random random(static_cast<uint64_t>(options.seed), stream);
    std::vector<float> factors(size_t{weights.rows()} * width, 0);
    for (uint32_t row = 0; row < weights.rows(); row++) {
        for (uint32_t i = 0; i < width && weights.entriesOf(row) > 0; i++)
            factors[size_t{row} * width + i] = static_cast<float>(random.fraction() * kScale);
    }
    return factors;
}

void requireUsable(const std::vector<float>& factors) {
    for (const float factor : factors) {
        if (!(std::abs(factor) <= recommendation::kMaxFactor)) {
            throw base::Error(base::ErrorKind::BadArgument, "the factors do not converge")
                .withHint("Ask for more regularization, or smaller weights or alpha.");
        }
    }
}

}  // namespace

void trainFactors(recommendation::Recommender& recommender, const SparseMatrix& weights,
                  const recommendation::Options& options, unsigned threads, model::Monitor& monitor,
                  recommendation::Progress& progress) {
    const SparseMatrix byProduct = weights.transposed();
    recommender.factors = static_cast<uint32_t>(options.factors);
    recommender.customerFactors = beginning(weights, recommender.factors, options, 0);
    recommender.productFactors = beginning(byProduct, recommender.factors, options, 1);
    Side customers = {factorsIn(recommender.customerFactors, weights.rows(), recommender.factors),
                      weights};
    Side products = {factorsIn(recommender.productFactors, byProduct.rows(), recommender.factors),
                     byProduct};
    for (int i = 0; i < static_cast<int>(options.iterations); i++) {
        solveSide(customers, products, options, threads, monitor, progress);
        solveSide(products, customers, options, threads, monitor, progress);
    }
    requireUsable(recommender.customerFactors);
    requireUsable(recommender.productFactors);
}

}  // namespace footfall::training
