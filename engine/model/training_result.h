// What a training hands back: the model, and how it did on rows it has not seen. Packed, since the
// process that trains is not the one that stores.
#pragma once

#include "engine/model/metrics.h"
#include "engine/model/model.h"

namespace footfall::model {

struct TrainingResult {
    Model model;
    // Metrics of the test rows; importance and coefficients by name.
    std::vector<MetricRow> metrics;
    uint64_t trainingRows = 0;
    uint64_t calibrationRows = 0;
    uint64_t testRows = 0;

    void pack(base::ByteWriter& writer) const;
    static TrainingResult unpack(base::ByteReader& reader);
};

}  // namespace footfall::model
