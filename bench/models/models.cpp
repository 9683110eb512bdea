// Scoring and training beside XGBoost's own, in one process and on the same rows; figures as JSON
// lines for run.
//
//   models score ROWS [TREES DEPTH FEATURES REPEAT]
//   models train ROWS [FEATURES THREADS]
//
// Times are those of cores (all threads'), so that little depends on what else the machine does.
// Scoring is from rows of floats in memory to probabilities in memory, the best of REPEAT. Training
// is everything from the data set to the judged model, against XGBoost's matrix and rounds alone
// with the same parameters.
#include <fmt/format.h>
#include <xgboost/c_api.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <span>
#include <string>
#include <vector>

#include "engine/model/random.h"
#include "engine/model/scorer.h"
#include "engine/training/training.h"

namespace {

using footfall::model::Algorithm;
using footfall::model::Dataset;
using footfall::model::FeatureKind;
using footfall::model::Options;
using footfall::model::Random;

struct NoMonitor final : footfall::model::Monitor {
    void check() override {}
    void progress(size_t, size_t) override {}
};

void require(int status) {
    if (status != 0)
        throw std::runtime_error(XGBGetLastError());
}

// What a core has done for this process, whatever else the machine does.
double coreSeconds() {
    timespec now = {};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double coreSecondsOf(const auto& work) {
    const double begin = coreSeconds();
    work();
    return coreSeconds() - begin;
}

double bestCoreSecondsOf(int repeat, const auto& work) {
    double best = 1e300;
    for (int i = 0; i < repeat; i++)
        best = std::min(best, coreSecondsOf(work));
    return best;
}

// Numbers, a twentieth of them unknown; half of the features have to do with the label.
Dataset rowsWithLabels(size_t rows, size_t features) {
    Dataset dataset;
    Random random(7);
    dataset.columns.resize(features);
    for (size_t feature = 0; feature < features; feature++) {
        dataset.features.push_back(
            {fmt::format("f{}", feature), FeatureKind::Number, {}, false, {}});
        dataset.columns[feature].reserve(rows);
    }
    for (size_t row = 0; row < rows; row++) {
        double odds = 0;
        for (size_t feature = 0; feature < features; feature++) {
            const double value = 4 * random.fraction() - 2;
            const bool unknown = random.below(20) == 0;
            if (feature % 2 == 0 && !unknown)
                odds += feature % 4 == 0 ? value : value * value - 1;
            dataset.columns[feature].push_back(unknown ? footfall::model::kNull
                                                       : static_cast<float>(value));
        }
        dataset.labels.push_back(random.fraction() < 1 / (1 + std::exp(-odds)) ? 1 : 0);
    }
    return dataset;
}

std::vector<float> rowMajor(const Dataset& dataset) {
    std::vector<uint32_t> all(dataset.rows());
    for (uint32_t row = 0; row < all.size(); row++)
        all[row] = row;
    return featureRows(dataset, all);
}

class Xgboost {
  public:
    Xgboost(std::span<const float> rows, size_t width, std::span<const uint8_t> labels,
            const Options& options, int threads) {
        require(XGDMatrixCreateFromMat_omp(rows.data(), labels.size(), width,
                                           footfall::model::kNull, &matrix_, threads));
        const std::vector<float> targets(labels.begin(), labels.end());
        require(XGDMatrixSetFloatInfo(matrix_, "label", targets.data(), targets.size()));
        require(XGBoosterCreate(&matrix_, 1, &booster_));
        const std::pair<const char*, std::string> parameters[] = {
            {"objective", "binary:logistic"},
            {"base_score", "0.5"},
            {"tree_method", "hist"},
            {"verbosity", "0"},
            {"nthread", fmt::format("{}", threads)},
            {"eta", fmt::format("{}", options.learningRate)},
            {"max_depth", fmt::format("{}", static_cast<int>(options.maxDepth))},
        };
        for (const auto& [name, value] : parameters)
            require(XGBoosterSetParam(booster_, name, value.c_str()));
        for (int round = 0; round < static_cast<int>(options.trees); round++)
            require(XGBoosterUpdateOneIter(booster_, round, matrix_));
    }
    ~Xgboost() {
        XGBoosterFree(booster_);
        XGDMatrixFree(matrix_);
    }
    Xgboost(const Xgboost&) = delete;
    Xgboost& operator=(const Xgboost&) = delete;

    // From rows in memory, without a matrix of its own: its fastest way.
    const float* predict(std::span<const float> rows, size_t width) {
        const std::string where = fmt::format(
            R"({{"data": [{}, true], "shape": [{}, {}], "typestr": "<f4", "version": 3}})",
            reinterpret_cast<uintptr_t>(rows.data()), rows.size() / width, width);
        const char config[] = R"({"type": 0, "training": false, "iteration_begin": 0,
            "iteration_end": 0, "strict_shape": false, "missing": NaN, "cache_id": 0})";
        bst_ulong const* shape = nullptr;
        bst_ulong dimensions = 0;
        const float* result = nullptr;
        require(XGBoosterPredictFromDense(booster_, where.c_str(), config, nullptr, &shape,
                                          &dimensions, &result));
        return result;
    }

  private:
    DMatrixHandle matrix_ = nullptr;
    BoosterHandle booster_ = nullptr;
};

footfall::model::Model trained(Dataset dataset, Options options, unsigned threads) {
    NoMonitor monitor;
    splitAtRandom(dataset, 0.2, 0.2, 1);
    return footfall::training::train(std::move(dataset), options, threads, monitor).model;
}

void score(size_t rows, int trees, int depth, size_t features, int repeat) {
    constexpr size_t kTrainedOn = 50'000;
    const Dataset sample = rowsWithLabels(kTrainedOn, features);
    const std::vector<float> values = rowMajor(rowsWithLabels(rows, features));
    std::vector<double> probabilities(rows);
    const auto rate = [&](const footfall::model::Model& model) {
        const footfall::model::Scorer scorer(model);
        const auto once = [&] { scorer.probabilities(values, probabilities); };
        return static_cast<double>(rows) / bestCoreSecondsOf(repeat, once);
    };
    const double logistic = rate(trained(sample, Options::of(Algorithm::LogisticRegression), 1));
    Options options = Options::of(Algorithm::GradientBoosting);
    options.trees = trees;
    options.maxDepth = depth;
    const auto forest = trained(sample, options, 1);
    const double boosted = rate(forest);
    Xgboost xgboost(rowMajor(sample), features, sample.labels, options, 1);
    const double theirs = static_cast<double>(rows) / bestCoreSecondsOf(repeat, [&] {
                              (void)xgboost.predict(values, features);
                          });
    fmt::print(R"({{"logistic_regression": {:.0f}, "trees": {:.0f}, "xgboost": {:.0f}, )"
               R"("nodes": {}}})"
               "\n",
               logistic, boosted, theirs, forest.trees.nodes.size());
}

void train(size_t rows, size_t features, unsigned threads) {
    Options options = Options::of(Algorithm::GradientBoosting);
    Dataset dataset = rowsWithLabels(rows, features);
    // A hundredth to judge by, a hundredth to calibrate with: both learn from the rest.
    splitAtRandom(dataset, 0.01, 0.01, 1);
    const auto chosen = rowsWith(dataset, footfall::model::Role::Train);
    double theirs = 0;
    {
        const auto values = featureRows(dataset, chosen);
        const auto labels = labelsOf(dataset, chosen);
        theirs = coreSecondsOf([&] {
            const Xgboost xgboost(values, features, labels, options, static_cast<int>(threads));
        });
    }
    NoMonitor monitor;
    const double ours = coreSecondsOf(
        [&] { (void)footfall::training::train(std::move(dataset), options, threads, monitor); });
    fmt::print(R"({{"rows": {}, "footfall": {:.3f}, "xgboost": {:.3f}}})"
               "\n",
               chosen.size(), ours, theirs);
}

size_t argument(int argc, char** argv, int position, size_t otherwise) {
    return position < argc ? std::strtoull(argv[position], nullptr, 10) : otherwise;
}

}  // namespace

int main(int argc, char** argv) try {
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "score") {
        score(argument(argc, argv, 2, 1'000'000), static_cast<int>(argument(argc, argv, 3, 100)),
              static_cast<int>(argument(argc, argv, 4, 6)), argument(argc, argv, 5, 30),
              static_cast<int>(argument(argc, argv, 6, 3)));
    } else if (what == "train") {
        train(argument(argc, argv, 2, 1'000'000), argument(argc, argv, 3, 30),
              static_cast<unsigned>(argument(argc, argv, 4, 1)));
    } else {
        (void)std::fputs("usage: models score|train ROWS ...\n", stderr);
        return 2;
    }
    return 0;
} catch (const std::exception& error) {
    (void)std::fprintf(stderr, "models: %s\n", error.what());
    return 1;
}
