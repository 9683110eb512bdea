// See linear_training.h.
#include "engine/training/linear_training.h"

#include <linear.h>

#include <cmath>

#include "engine/base/error.h"

namespace footfall::training {

namespace {

using footfall::model::InputKind;
using footfall::model::Linear;

// LIBLINEAR tells a plain function how it goes on.
model::Monitor* watching = nullptr;

class Watch {
  public:
    explicit Watch(model::Monitor& monitor) {
        watching = &monitor;
        set_print_string_function(heard);
    }
    ~Watch() { watching = nullptr; }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

  private:
    static void heard(const char* /*text*/) { watching->check(); }
};

void measure(const model::InputMatrix& matrix, size_t input, InputKind kind, Linear& linear) {
    const float* column = matrix.column(input);
    double sum = 0;
    double known = 0;
    for (size_t row = 0; row < matrix.rows; row++) {
        if (!std::isnan(column[row])) {
            sum += static_cast<double>(column[row]);
            known += 1;
        }
    }
    const double mean = known > 0 ? sum / known : 0;
    double squares = 0;
    for (size_t row = 0; row < matrix.rows; row++) {
        if (!std::isnan(column[row])) {
            const double distance = static_cast<double>(column[row]) - mean;
            squares += distance * distance;
        }
    }
    // Over all rows: those that are unknown stand at the mean.
    const double deviation = std::sqrt(squares / static_cast<double>(matrix.rows));
    linear.means[input] = mean;
    linear.deviations[input] = kind == InputKind::Value && deviation > 0 ? deviation : 1;
}

// Rows in LIBLINEAR's sparse form, all in one array.
struct Problem {
    std::vector<feature_node> nodes;
    std::vector<feature_node*> rows;
    std::vector<double> labels;
};

Problem problemOf(const model::InputMatrix& matrix, const std::vector<model::Input>& inputs,
                  const Linear& linear, std::span<const uint8_t> labels, model::Monitor& monitor) {
    Problem problem;
    std::vector<size_t> begins;
    const int bias = static_cast<int>(matrix.inputs) + 1;
    for (size_t row = 0; row < matrix.rows; row++) {
        begins.push_back(problem.nodes.size());
        monitor.check();
        for (size_t input = 0; input < matrix.inputs; input++) {
            double value = static_cast<double>(matrix.column(input)[row]);
            if (inputs[input].kind == InputKind::Value) {
                value = std::isnan(value)
                            ? 0
                            : (value - linear.means[input]) / linear.deviations[input];
            }
            if (value != 0)
                problem.nodes.push_back({static_cast<int>(input) + 1, value});
        }
        problem.nodes.push_back({bias, 1});
        problem.nodes.push_back({-1, 0});
        problem.labels.push_back(labels[row] != 0 ? 1 : -1);
    }
    for (const size_t begin : begins)
        problem.rows.push_back(problem.nodes.data() + begin);
    return problem;
}

}  // namespace

Linear trainLinear(const model::InputMatrix& matrix, const std::vector<model::Input>& inputs,
                   std::span<const uint8_t> labels, const model::Options& options,
                   model::Monitor& monitor) {
    Linear linear;
    linear.means.resize(matrix.inputs);
    linear.deviations.resize(matrix.inputs);
    for (size_t input = 0; input < matrix.inputs; input++)
        measure(matrix, input, inputs[input].kind, linear);
    Problem problem = problemOf(matrix, inputs, linear, labels, monitor);

    ::problem given{};
    given.l = static_cast<int>(matrix.rows);
    given.n = static_cast<int>(matrix.inputs) + 1;
    given.y = problem.labels.data();
    given.x = problem.rows.data();
    given.bias = 1;

    double positives = 0;
    for (const uint8_t label : labels)
        positives += label;
    const auto rows = static_cast<double>(matrix.rows);
    int classes[] = {1, -1};
    double weights[] = {rows / (2 * positives), rows / (2 * (rows - positives))};
    ::parameter parameter{};
    parameter.solver_type =
        options.algorithm == model::Algorithm::LogisticRegression ? L2R_LR : L2R_L2LOSS_SVC;
    parameter.eps = options.tolerance;
    parameter.C = options.c;
    if (options.balanced) {
        parameter.nr_weight = 2;
        parameter.weight_label = classes;
        parameter.weight = weights;
    }
    if (const char* problemText = check_parameter(&given, &parameter); problemText != nullptr)
        base::throwBadArgument("LIBLINEAR: %s", problemText);

    ::model* learnt = nullptr;
    {
        const Watch watch(monitor);
        learnt = ::train(&given, &parameter);
    }
    // The weights speak for the label that LIBLINEAR met first.
    const double sign = learnt->label[0] == 1 ? 1 : -1;
    linear.intercept = sign * learnt->w[matrix.inputs];
    for (size_t input = 0; input < matrix.inputs; input++) {
        const double weight = sign * learnt->w[input] / linear.deviations[input];
        linear.coefficients.push_back(weight);
        if (inputs[input].kind == InputKind::Value)
            linear.intercept -= weight * linear.means[input];
    }
    free_and_destroy_model(&learnt);
    return linear;
}

}  // namespace footfall::training
