// footfall.score(model, features, version) and footfall.explain(model, features, version).
//
// A call of the function in a query loads its model once, when it first runs; rows then cost what
// reading and scoring them costs. The model lives in the engine's ordinary memory and goes with the
// call's context.
#include "engine/model/scorer.h"
#include "engine/model/tree_shap.h"
#include "extension/functions/model/feature_row.h"
#include "extension/functions/model/model_store.h"
#include "extension/pg/guard.h"

namespace footfall::functions {

namespace {

struct LoadedModel {
    explicit LoadedModel(model::Model&& loaded)
        : model(std::move(loaded)), scorer(model), row(model), features(model.features.size()) {}

    std::string name;
    int32 version = 0;
    model::Model model;
    model::Scorer scorer;
    FeatureRow row;
    std::vector<float> features;
};

// What hangs on a call of the function; `loaded` is freed by the context's callback.
struct CallState {
    LoadedModel* loaded;
    MemoryContextCallback callback;
};

void forget(void* state) {
    auto* call = static_cast<CallState*>(state);
    delete call->loaded;
    call->loaded = nullptr;
}

CallState* stateOf(FunctionCallInfo fcinfo) {
    if (fcinfo->flinfo->fn_extra == nullptr) {
        auto* state = static_cast<CallState*>(
            MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallState)));
        state->callback.func = forget;
        state->callback.arg = state;
        MemoryContextRegisterResetCallback(fcinfo->flinfo->fn_mcxt, &state->callback);
        fcinfo->flinfo->fn_extra = state;
    }
    return static_cast<CallState*>(fcinfo->flinfo->fn_extra);
}

bool isLoaded(const CallState* state, const text* name, int32 version) {
    return state->loaded != nullptr && state->loaded->version == version &&
           state->loaded->name == std::string_view(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
}

void load(CallState* state, const text* name, int32 version) {
    forget(state);
    SPI_connect();
    char* model = text_to_cstring(name);
    bytea* content = loadModel(model, version, ModelKind::Scorer);
    pg::enterEngine([&] {
        base::ByteReader reader(
            {reinterpret_cast<const std::byte*>(VARDATA_ANY(content)), VARSIZE_ANY_EXHDR(content)});
        auto loaded = std::make_unique<LoadedModel>(model::Model::unpack(reader));
        loaded->name = model;
        loaded->version = version;
        state->loaded = loaded.release();
    });
    SPI_finish();
}

// The model of the call, with `features` filled from its row.
LoadedModel& prepare(FunctionCallInfo fcinfo) {
    CallState* state = stateOf(fcinfo);
    const text* name = PG_GETARG_TEXT_PP(0);
    const int32 version = PG_ARGISNULL(2) ? kDeployedVersion : PG_GETARG_INT32(2);
    if (!PG_ARGISNULL(2) && version < 1) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("versions of models start at 1, not %d", version)));
    }
    if (!isLoaded(state, name, version)) {
        const Oid type = get_fn_expr_argtype(fcinfo->flinfo, 1);
        if (OidIsValid(type) && !type_is_rowtype(type)) {
            ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                            errmsg("features are a row, not %s", format_type_be(type)),
                            errhint("Pass a whole row, as in footfall.score('m', t) for a table t, "
                                    "or make one in a subquery.")));
        }
        load(state, name, version);
    }
    LoadedModel& loaded = *state->loaded;
    loaded.row.read(PG_GETARG_HEAPTUPLEHEADER(1), loaded.features.data());
    return loaded;
}

struct Part {
    const char* feature;
    float8 contribution;
};

}  // namespace

}  // namespace footfall::functions

extern "C" {
PGDLLEXPORT Datum footfall_score(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(footfall_score);
PGDLLEXPORT Datum footfall_explain(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(footfall_explain);

Datum footfall_score(PG_FUNCTION_ARGS) {
    using namespace footfall;
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
        PG_RETURN_NULL();
    functions::LoadedModel& loaded = functions::prepare(fcinfo);
    double probability = 0;
    pg::enterEngine([&] { loaded.scorer.probabilities(loaded.features, {&probability, 1}); });
    PG_RETURN_FLOAT8(probability);
}

Datum footfall_explain(PG_FUNCTION_ARGS) {
    using namespace footfall;
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) {
        InitMaterializedSRF(fcinfo, 0);
        return Datum{0};
    }
    functions::LoadedModel& loaded = functions::prepare(fcinfo);
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    const size_t count = loaded.model.features.size() + 1;
    auto* parts = static_cast<functions::Part*>(palloc(count * sizeof(functions::Part)));
    pg::enterEngine([&] {
        const auto contributions = contributionsOf(loaded.model, loaded.features);
        const auto byFeature = model::byFeature(loaded.model, contributions);
        parts[0] = {"(bias)", contributions.bias};
        for (size_t i = 0; i < byFeature.size(); i++)
            parts[i + 1] = {loaded.model.features[i].name.c_str(), byFeature[i]};
        std::stable_sort(parts + 1, parts + count, [](const auto& a, const auto& b) {
            return std::abs(a.contribution) > std::abs(b.contribution);
        });
    });
    for (size_t i = 0; i < count; i++) {
        const Datum values[] = {CStringGetTextDatum(parts[i].feature),
                                Float8GetDatum(parts[i].contribution)};
        const bool nulls[] = {false, false};
        tuplestore_putvalues(result->setResult, result->setDesc, const_cast<Datum*>(values),
                             const_cast<bool*>(nulls));
    }
    return Datum{0};
}
}
