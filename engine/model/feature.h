// Columns of the data, and the numeric inputs that a model sees of them.
//
// A row is an array of floats, one a feature: numbers as they are (single precision), booleans as 0
// and 1, texts as the number of a category, kUnknownCategory for one that training has not seen;
// NULL is NaN. A model works on inputs, each computed from one feature, so that trees and linear
// models need to know nothing of texts.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace footfall::model {

enum class FeatureKind : uint8_t { Number = 1, Boolean = 2, Text = 3 };

constexpr float kNull = std::numeric_limits<float>::quiet_NaN();
constexpr float kUnknownCategory = -1;

// The distribution of a feature among the rows of training, for drift: shares of the ranges between
// `edges` (numbers) or of the categories and the unknown ones (texts); the last share is NULL's.
struct Distribution {
    std::vector<float> edges;
    std::vector<double> shares;
};

struct Feature {
    std::string name;
    FeatureKind kind = FeatureKind::Number;
    std::vector<std::string> categories;
    // One value in all rows of training: no input is made of it.
    bool constant = false;
    Distribution distribution;
};

// Category and CategorySet ask whether a text is a category, or one of a set; they differ in NULL,
// which is no category, and for a set stays NULL: a tree says where it goes.
enum class InputKind : uint8_t { Value = 1, IsNull = 2, Category = 3, CategorySet = 4 };

constexpr size_t kMaxCategories = 64;
constexpr size_t kMaxFeatures = 4096;

struct Input {
    uint32_t feature = 0;
    InputKind kind = InputKind::Value;
    uint32_t category = 0;
    uint64_t set = 0;  // bit c: category c

    float of(const float* row) const {
        const float value = row[feature];
        switch (kind) {
            case InputKind::Value:
                return value;
            case InputKind::IsNull:
                return std::isnan(value) ? 1.0F : 0.0F;
            case InputKind::Category:
                return value == static_cast<float>(category) ? 1.0F : 0.0F;
            case InputKind::CategorySet:
                if (!(value >= 0))
                    return std::isnan(value) ? value : 0.0F;
                return (set >> static_cast<unsigned>(value) & 1) != 0 ? 1.0F : 0.0F;
        }
        return kNull;
    }
};

// How an input is called in a report: "tenure", "contract = One year", "income is null".
std::string describe(const Input& input, const std::vector<Feature>& features);

}  // namespace footfall::model
