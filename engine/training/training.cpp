// See training.h.
#include "engine/training/training.h"

#include <algorithm>
#include <numeric>

#include "engine/base/error.h"
#include "engine/model/cart.h"
#include "engine/model/importance.h"
#include "engine/model/scorer.h"
#include "engine/training/boosting.h"
#include "engine/training/linear_training.h"

namespace footfall::training {

using model::Role;

namespace {

void requireBothClasses(std::span<const uint8_t> labels, const char* purpose) {
    const auto positives = std::ranges::count_if(labels, [](uint8_t label) { return label != 0; });
    if (positives == 0 || positives == std::ssize(labels)) {
        throw base::Error(base::ErrorKind::BadArgument,
                          "the %zu rows for %s do not have both classes", labels.size(), purpose)
            .withHint("Give more rows, or another split.");
    }
}

std::vector<float> rowWeights(std::span<const uint8_t> labels, bool balanced) {
    std::vector<float> weights(labels.size(), 1);
    if (!balanced)
        return weights;
    const double positives = std::accumulate(labels.begin(), labels.end(), 0.0);
    const auto rows = static_cast<double>(labels.size());
    for (size_t row = 0; row < labels.size(); row++) {
        weights[row] =
            static_cast<float>(rows / (2 * (labels[row] != 0 ? positives : rows - positives)));
    }
    return weights;
}

void learn(model::Model& model, const model::Dataset& dataset, std::span<const uint32_t> rows,
           const model::Options& options, unsigned threads, model::Monitor& monitor) {
    const auto labels = model::labelsOf(dataset, rows);
    const auto matrix = model::inputMatrix(dataset, model.inputs, rows);
    if (model.isLinear()) {
        model.linear = trainLinear(matrix, model.inputs, labels, options, monitor);
        return;
    }
    const auto weights = rowWeights(labels, options.balanced);
    model.trees = options.algorithm == model::Algorithm::GradientBoosting
                      ? boostTrees(matrix, labels, weights, options, threads, monitor)
                      : model::growTrees(matrix, labels, weights, options, monitor);
}

void addCoefficients(const model::Model& model, std::vector<model::MetricRow>& metrics) {
    if (!model.isLinear())
        return;
    metrics.push_back({"coefficient", "(intercept)", model.linear.intercept});
    for (size_t i = 0; i < model.inputs.size(); i++) {
        metrics.push_back({"coefficient", describe(model.inputs[i], model.features),
                           model.linear.coefficients[i]});
    }
}

}  // namespace

model::TrainingResult train(model::Dataset dataset, const model::Options& options, unsigned threads,
                            model::Monitor& monitor) {
    model::TrainingResult result;
    model::Model& model = result.model;
    model.algorithm = options.algorithm;
    model.inputs =
        prepareFeatures(dataset, options.algorithm != model::Algorithm::GradientBoosting);
    model.features = dataset.features;
    const auto train = rowsWith(dataset, Role::Train);
    const auto calibrate = rowsWith(dataset, Role::Calibrate);
    const auto test = rowsWith(dataset, Role::Test);
    const auto testLabels = labelsOf(dataset, test);
    requireBothClasses(testLabels, "testing");
    result.trainingRows = train.size();
    result.calibrationRows = calibrate.size();
    result.testRows = test.size();

    learn(model, dataset, train, options, threads, monitor);

    const model::Scorer uncalibrated(model);
    if (options.calibration != model::CalibrationKind::None) {
        const auto labels = labelsOf(dataset, calibrate);
        requireBothClasses(labels, "calibration");
        std::vector<double> margins(calibrate.size());
        uncalibrated.margins(featureRows(dataset, calibrate), margins);
        model.calibration = options.calibration == model::CalibrationKind::Platt
                                ? model::fitPlatt(margins, labels)
                                : model::fitIsotonic(margins, labels);
    }

    const model::Scorer scorer(model);
    std::vector<double> probabilities(test.size());
    scorer.probabilities(featureRows(dataset, test), probabilities);
    result.metrics = rowsOf(model::evaluate(probabilities, testLabels));
    const auto importance =
        permutationImportance(model, dataset, test, static_cast<uint64_t>(options.seed), monitor);
    for (size_t i = 0; i < importance.size(); i++)
        result.metrics.push_back({"importance", model.features[i].name, importance[i]});
    addCoefficients(model, result.metrics);
    return result;
}

}  // namespace footfall::training
