// See boosting.h.
#include "engine/training/boosting.h"

#include <fmt/format.h>
#include <xgboost/c_api.h>

#include <memory>
#include <type_traits>

#include "engine/base/error.h"
#include "engine/exchange/xgboost_json.h"

namespace footfall::training {

namespace {

void require(int status) {
    if (status != 0)
        base::throwInternal("XGBoost: %.200s", XGBGetLastError());
}

struct FreeMatrix {
    void operator()(void* matrix) const { XGDMatrixFree(matrix); }
};
struct FreeBooster {
    void operator()(void* booster) const { XGBoosterFree(booster); }
};

void setParameters(BoosterHandle booster, const model::Options& options, unsigned threads) {
    const std::pair<const char*, std::string> parameters[] = {
        {"objective", "binary:logistic"},
        {"base_score", "0.5"},
        {"tree_method", "hist"},
        {"verbosity", "0"},
        {"nthread", fmt::format("{}", threads)},
        {"seed", fmt::format("{}", static_cast<uint64_t>(options.seed) & 0x7fffffff)},
        {"eta", fmt::format("{}", options.learningRate)},
        {"max_depth", fmt::format("{}", static_cast<int>(options.maxDepth))},
        {"max_bin", fmt::format("{}", static_cast<int>(options.maxBins))},
        {"min_child_weight", fmt::format("{}", options.minChildWeight)},
        {"subsample", fmt::format("{}", options.subsample)},
        {"colsample_bytree", fmt::format("{}", options.columnSample)},
        {"gamma", fmt::format("{}", options.gamma)},
        {"lambda", fmt::format("{}", options.lambda)},
        {"alpha", fmt::format("{}", options.alpha)},
    };
    for (const auto& [name, value] : parameters)
        require(XGBoosterSetParam(booster, name, value.c_str()));
}

}  // namespace

model::Trees boostTrees(const model::InputMatrix& matrix, std::span<const uint8_t> labels,
                        std::span<const float> weights, const model::Options& options,
                        unsigned threads, model::Monitor& monitor) {
    // XGBoost wants one row after the other; only its own copy lives on.
    DMatrixHandle handle = nullptr;
    {
        std::vector<float> rows(matrix.rows * matrix.inputs);
        for (size_t input = 0; input < matrix.inputs; input++) {
            monitor.check();
            const float* column = matrix.column(input);
            for (size_t row = 0; row < matrix.rows; row++)
                rows[row * matrix.inputs + input] = column[row];
        }
        require(XGDMatrixCreateFromMat_omp(rows.data(), matrix.rows, matrix.inputs, model::kNull,
                                           &handle, static_cast<int>(threads)));
    }
    const std::unique_ptr<void, FreeMatrix> data(handle);
    const std::vector<float> targets(labels.begin(), labels.end());
    require(XGDMatrixSetFloatInfo(handle, "label", targets.data(), targets.size()));
    require(XGDMatrixSetFloatInfo(handle, "weight", weights.data(), weights.size()));

    BoosterHandle boosterHandle = nullptr;
    require(XGBoosterCreate(&handle, 1, &boosterHandle));
    const std::unique_ptr<void, FreeBooster> booster(boosterHandle);
    setParameters(boosterHandle, options, threads);
    const auto rounds = static_cast<int>(options.trees);
    for (int round = 0; round < rounds; round++) {
        monitor.progress(static_cast<size_t>(round), static_cast<size_t>(rounds));
        monitor.check();
        require(XGBoosterUpdateOneIter(boosterHandle, round, handle));
    }
    bst_ulong length = 0;
    const char* text = nullptr;
    require(XGBoosterSaveModelToBuffer(boosterHandle, R"({"format": "json"})", &length, &text));
    return exchange::treesOfXgboostJson({text, length}, matrix.inputs);
}

}  // namespace footfall::training
