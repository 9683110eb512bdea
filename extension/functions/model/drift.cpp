// footfall.model_drift(model, dataset, version): how far the rows of a dataset are from those that
// a model has learnt from, by feature. Rows are read as the caller, a batch at a time.
#include "engine/model/drift.h"
#include "extension/functions/model/dataset_reader.h"
#include "extension/functions/model/feature_row.h"
#include "extension/functions/model/model_store.h"

namespace footfall::functions {

namespace {

constexpr int kBatchRows = 1000;

// Reads a batch into `features`, one row of `width` values after the other. Owns nothing; runs
// inside callPostgres.
uint64 fetchRows(Portal portal, MemoryContext batch, FeatureRow& row, float* features,
                 size_t width) {
    MemoryContextReset(batch);
    SPI_cursor_fetch(portal, true, kBatchRows);
    const uint64 rows = SPI_processed;
    SPITupleTable* table = SPI_tuptable;
    MemoryContext before = MemoryContextSwitchTo(batch);
    TupleDesc descriptor = BlessTupleDesc(table->tupdesc);
    for (uint64 i = 0; i < rows; i++) {
        CHECK_FOR_INTERRUPTS();
        const Datum tuple = heap_copy_tuple_as_datum(table->vals[i], descriptor);
        row.read(DatumGetHeapTupleHeader(tuple), features + i * width);
    }
    MemoryContextSwitchTo(before);
    SPI_freetuptable(table);
    return rows;
}

// Shares of the dataset's rows, by feature and range.
std::vector<std::vector<double>> sharesOf(const model::Model& model, const char* dataset) {
    Portal portal = nullptr;
    MemoryContext batch = nullptr;
    pg::callPostgres([&] {
        portal = SPI_cursor_open_with_args(nullptr, datasetQuery(dataset), 0, nullptr, nullptr,
                                           nullptr, true, 0);
        batch =
            AllocSetContextCreate(CurrentMemoryContext, "footfall drift", ALLOCSET_DEFAULT_SIZES);
    });
    const size_t width = model.features.size();
    FeatureRow row(model);
    std::vector<float> features(width * kBatchRows);
    std::vector<std::vector<double>> shares;
    for (const model::Feature& feature : model.features)
        shares.emplace_back(feature.distribution.shares.size());
    double total = 0;
    for (;;) {
        uint64 rows = 0;
        pg::callPostgres([&] { rows = fetchRows(portal, batch, row, features.data(), width); });
        if (rows == 0)
            break;
        total += static_cast<double>(rows);
        for (uint64 i = 0; i < rows; i++) {
            for (size_t f = 0; f < width; f++) {
                const model::Feature& feature = model.features[f];
                shares[f][binOf(feature, feature.distribution, features[i * width + f])] += 1;
            }
        }
    }
    pg::callPostgres([&] { SPI_cursor_close(portal); });
    if (total == 0)
        base::throwBadArgument("the dataset has no rows");
    for (auto& ofFeature : shares) {
        for (double& share : ofFeature)
            share /= total;
    }
    return shares;
}

// An imported model does not say how the rows of its training were.
void requireDistributions(const model::Model& model, const char* name) {
    for (const model::Feature& feature : model.features) {
        if (std::ranges::all_of(feature.distribution.shares,
                                [](double share) { return share == 0; })) {
            pg::callPostgres([&] {
                ereport(ERROR,
                        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                         errmsg("it is not known what rows model \"%s\" has learnt from", name),
                         errdetail("The version was imported."),
                         errhint("Drift is for versions that footfall.train has made.")));
            });
        }
    }
}

}  // namespace

}  // namespace footfall::functions

extern "C" {
PGDLLEXPORT Datum footfall_model_drift(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(footfall_model_drift);

Datum footfall_model_drift(PG_FUNCTION_ARGS) {
    using namespace footfall;
    InitMaterializedSRF(fcinfo, 0);
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
        return Datum{0};
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    const int32 version = PG_ARGISNULL(2) ? functions::kDeployedVersion : PG_GETARG_INT32(2);
    if (!PG_ARGISNULL(2) && version < 1) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("versions of models start at 1, not %d", version)));
    }
    SPI_connect();
    char* name = text_to_cstring(PG_GETARG_TEXT_PP(0));
    bytea* content = functions::loadModel(name, version, functions::ModelKind::Scorer);
    char* dataset = text_to_cstring(PG_GETARG_TEXT_PP(1));
    pg::enterEngine([&] {
        base::ByteReader reader(
            {reinterpret_cast<const std::byte*>(VARDATA_ANY(content)), VARSIZE_ANY_EXHDR(content)});
        const model::Model model = model::Model::unpack(reader);
        functions::requireDistributions(model, name);
        const auto shares = functions::sharesOf(model, dataset);
        for (size_t f = 0; f < shares.size(); f++) {
            const model::Feature& feature = model.features[f];
            if (feature.constant)
                continue;
            const double index = model::stabilityIndex(feature.distribution.shares, shares[f]);
            pg::callPostgres([&] {
                Datum values[] = {CStringGetTextDatum(feature.name.c_str()), Float8GetDatum(index)};
                bool nulls[] = {false, false};
                tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
            });
        }
    });
    SPI_finish();
    return Datum{0};
}
}
