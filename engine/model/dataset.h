// Rows to learn from, column by column, and the part each row plays.
//
// Categories are numbered as they come; prepareFeatures keeps the frequent ones, renumbers them and
// decides which inputs a model gets. It looks at rows of training only: what it decides must not
// depend on rows that judge the model.
#pragma once

#include <string_view>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/model/feature.h"

namespace footfall::model {

enum class Role : uint8_t { Train = 0, Calibrate = 1, Test = 2, LeftOut = 3 };

struct Dataset {
    std::vector<Feature> features;
    std::vector<std::vector<float>> columns;  // one a feature
    std::vector<uint8_t> labels;
    std::vector<Role> roles;

    size_t rows() const { return labels.size(); }
    void pack(base::ByteWriter& writer) const;
    static Dataset unpack(base::ByteReader& reader);
};

// Inputs of chosen rows, one input after the other.
struct InputMatrix {
    size_t rows = 0;
    size_t inputs = 0;
    std::vector<float> values;

    const float* column(size_t input) const { return values.data() + input * rows; }
};

// Renumbers categories by frequency (rare ones become unknown), marks constant features, records
// distributions, and returns the inputs; with `nullInputs` one more for each feature that has
// NULLs, which XGBoost does not need for numbers. BadArgument without rows or with one class only.
std::vector<Input> prepareFeatures(Dataset& dataset, bool nullInputs);

std::vector<uint32_t> rowsWith(const Dataset& dataset, Role role);
InputMatrix inputMatrix(const Dataset& dataset, const std::vector<Input>& inputs,
                        std::span<const uint32_t> rows);
// Row-major features of chosen rows, as the scorer takes them.
std::vector<float> featureRows(const Dataset& dataset, std::span<const uint32_t> rows);
std::vector<uint8_t> labelsOf(const Dataset& dataset, std::span<const uint32_t> rows);

// Test rows: a seeded share of all; calibration rows: a seeded share of the others. Each class is
// shared out by itself, so that both have both.
void splitAtRandom(Dataset& dataset, double test, double calibrate, uint64_t seed);
// Test rows are the latest; calibration rows the latest of the others. Rows of one time stay
// together. `times` has one entry a row. `embargo` is how long after a row's time its label is
// known: rows whose label is not known yet at the first time for testing, or to train with and not
// yet at the first for calibration, are left out. BadArgument when none is left to train with.
void splitByTime(Dataset& dataset, std::span<const double> times, double test, double calibrate,
                 double embargo);
// Test rows are given; calibration rows are a seeded share of the others.
void splitByColumn(Dataset& dataset, const std::vector<bool>& test, double calibrate,
                   uint64_t seed);

}  // namespace footfall::model
