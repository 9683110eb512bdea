// The options of a training call: those about columns of the dataset, and those of the algorithm,
// which the engine knows.
#pragma once

#include <optional>

#include "engine/base/byte_writer.h"
#include "engine/model/options.h"
#include "extension/pg/guard.h"

namespace footfall::functions {

struct TrainingOptions {
    explicit TrainingOptions(model::Algorithm algorithm)
        : algorithm(model::Options::of(algorithm)) {}

    std::vector<std::string> ids;        // never features
    std::string time;                    // a column to split by: the latest rows are for testing
    std::optional<std::string> embargo;  // how long after its time a row's label is known
    std::string split;                   // a column that is true for rows for testing
    model::Options algorithm;
    std::vector<std::pair<std::string, std::string>> given;  // of the algorithm, as they came

    // Names and values of the algorithm's options, for the process that trains.
    void pack(base::ByteWriter& writer) const;
};

// Inside enterEngine, with SPI connected.
TrainingOptions readOptions(model::Algorithm algorithm, Datum jsonb);

}  // namespace footfall::functions
