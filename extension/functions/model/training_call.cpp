// footfall.train(model, algorithm, dataset, label, options): reads the rows as the caller, has a
// worker learn, stores a new version with its metrics, and returns what matters of it.
#include "extension/functions/model/dataset_reader.h"
#include "extension/functions/model/model_store.h"
#include "extension/functions/model/training_process.h"

namespace footfall::functions {

namespace {

struct Call {
    char* model;
    char* algorithm;
    char* dataset;
    char* label;
    Datum options;
};

float8 metricOf(const model::TrainingResult& result, const char* name) {
    for (const model::MetricRow& row : result.metrics) {
        if (row.metric == name && row.item.empty())
            return row.value;
    }
    base::throwInternal("a training gave no metric %s", name);
}

int32 store(const Call& call, model::TrainingResult& result) {
    base::ByteWriter writer;
    result.model.label = call.label;
    result.model.pack(writer);
    NewVersion version = {};
    version.model = call.model;
    version.dataset = call.dataset;
    version.label = call.label;
    version.options = call.options;
    version.algorithm = call.algorithm;
    version.trainingRows = static_cast<int64>(result.trainingRows);
    version.calibrationRows = static_cast<int64>(result.calibrationRows);
    version.testRows = static_cast<int64>(result.testRows);
    int32 number = 0;
    pg::callPostgres([&] {
        version.content = contentOf(writer);
        version.features = featureNames(result.model);
        number = storeVersion(version);
        for (const model::MetricRow& row : result.metrics) {
            storeMetric(call.model, number, row.metric.c_str(),
                        row.item.empty() ? nullptr : row.item.c_str(), row.value);
        }
    });
    return number;
}

constexpr const char* kReturned[] = {"roc_auc", "pr_auc", "log_loss", "brier", "calibration_error"};

}  // namespace

}  // namespace footfall::functions

extern "C" {
PGDLLEXPORT Datum footfall_train(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(footfall_train);

Datum footfall_train(PG_FUNCTION_ARGS) {
    using namespace footfall;
    TupleDesc descriptor = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE)
        elog(ERROR, "footfall.train returns a row");
    functions::Call call = {text_to_cstring(PG_GETARG_TEXT_PP(0)),
                            text_to_cstring(PG_GETARG_TEXT_PP(1)),
                            text_to_cstring(PG_GETARG_TEXT_PP(2)),
                            text_to_cstring(PG_GETARG_TEXT_PP(3)), PG_GETARG_DATUM(4)};
    if (call.model[0] == '\0' || call.label[0] == '\0') {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("the model and the label need a name")));
    }
    Datum values[9];
    bool nulls[9] = {};
    SPI_connect();
    functions::requireOwnOrNew(call.model);
    pg::enterEngine([&] {
        const auto options =
            functions::readOptions(model::algorithmNamed(call.algorithm), call.options);
        model::TrainingResult result = functions::trainInWorker(
            functions::readDataset(call.dataset, call.label, options), options);
        const int32 version = functions::store(call, result);
        values[1] = Int32GetDatum(version);
        values[2] = Int64GetDatum(static_cast<int64>(result.trainingRows));
        values[3] = Int64GetDatum(static_cast<int64>(result.testRows));
        for (size_t i = 0; i < std::size(functions::kReturned); i++)
            values[4 + i] = Float8GetDatum(functions::metricOf(result, functions::kReturned[i]));
    });
    SPI_finish();
    values[0] = PG_GETARG_DATUM(0);
    return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}
}
