// See training_result.h.
#include "engine/model/training_result.h"

namespace footfall::model {

void TrainingResult::pack(base::ByteWriter& writer) const {
    writer.u64(trainingRows);
    writer.u64(calibrationRows);
    writer.u64(testRows);
    writer.varint(metrics.size());
    for (const auto& [metric, item, value] : metrics) {
        for (const std::string& text : {metric, item}) {
            writer.varint(text.size());
            writer.append(text);
        }
        writer.write(value);
    }
    model.pack(writer);
}

TrainingResult TrainingResult::unpack(base::ByteReader& reader) {
    TrainingResult result;
    result.trainingRows = reader.u64();
    result.calibrationRows = reader.u64();
    result.testRows = reader.u64();
    const uint64_t metrics = reader.varintUpTo(reader.remaining(), "number of metrics");
    const auto text = [&] {
        return std::string(reader.text(reader.varintUpTo(reader.remaining(), "length of a text")));
    };
    for (uint64_t i = 0; i < metrics; i++) {
        MetricRow& row = result.metrics.emplace_back();
        row.metric = text();
        row.item = text();
        row.value = reader.read<double>();
    }
    result.model = Model::unpack(reader);
    return result;
}

}  // namespace footfall::model
