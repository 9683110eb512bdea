// What XGBoost's JSON has no place for of a model of ours, as the attribute "footfall" of its
// learner: a JSON object in a text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/model/model.h"

namespace footfall::exchange {

struct FootfallAttribute {
    static constexpr std::string_view kName = "footfall";

    std::string label;
    // Names, kinds and categories; nothing else of them is kept.
    std::vector<model::Feature> features;
    // What XGBoost's columns are, by number. The sets of a column of categories stand in its nodes.
    std::vector<model::Input> columns;
    // XGBoost's margin is slope * margin + offset; `calibrated`: that is Platt's calibration.
    bool calibrated = false;
    double slope = 1;
    double offset = 0;
    double base = 0;

    // XGBoost's base score: the probability of `base`, in its single precision.
    float baseScore() const;

    std::string text() const;
    // CorruptData when it is none; whatever in it is an index is checked.
    static FootfallAttribute parse(std::string_view text);
};

}  // namespace footfall::exchange
