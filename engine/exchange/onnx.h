// Models as ONNX (IR version 8, operators 15, ai.onnx.ml 2), in which everything between a row and
// its probability is part of the graph.
//
// Inputs: one tensor [N, 1] a feature that the model asks for, under its name: float for numbers
// and booleans (0 and 1; NaN is NULL), string for texts, NULL being the text that the metadata
// "null_text" says (the empty one, unless that is a category). Output: "probability", double [N,
// 1].
//
// Sums are double as the scorer's are: each tree has an output of its own (a leaf of single
// precision, exactly), which are added up in double precision. A table a text feature turns its
// number into its inputs.
#pragma once

#include <string>

#include "engine/model/model.h"

namespace footfall::exchange {

// Unsupported for a model that asks for no feature.
std::string onnxOf(const model::Model& model, bool calibrated);

}  // namespace footfall::exchange
