// footfall.recommend(model, customer, n, exclude_bought, version) and
// footfall.similar_products(model, product, n, version).
//
// A call of the function in a query loads its recommender once, when it first runs; customers then
// cost what ranking for them costs. It lives in the engine's ordinary memory and goes with the
// call's context. A customer or product of any type is found by its id (id_text.cpp).
#include "engine/recommendation/ranker.h"
#include "extension/functions/model/model_store.h"
#include "extension/functions/sketch/value_text.h"
#include "extension/pg/guard.h"

namespace footfall::functions {

using recommendation::Ranked;
using recommendation::Ranker;
using recommendation::Recommender;

namespace {

constexpr int32 kMostProducts = 10000;

struct LoadedRecommender {
    explicit LoadedRecommender(Recommender&& loaded)
        : recommender(std::move(loaded)), ranker(recommender) {}

    std::string name;
    int32 version = 0;
    Recommender recommender;
    Ranker ranker;
};

// What hangs on a call of the function; `loaded` is freed by the context's callback.
struct CallState {
    LoadedRecommender* loaded;
    ValueText idText;
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
        state->idText.choose(get_fn_expr_argtype(fcinfo->flinfo, 1), ValueText::Purpose::Id,
                             fcinfo->flinfo->fn_mcxt);
        fcinfo->flinfo->fn_extra = state;
    }
    return static_cast<CallState*>(fcinfo->flinfo->fn_extra);
}

void load(CallState* state, const char* name, int32 version) {
    forget(state);
    SPI_connect();
    bytea* content = loadModel(name, version, ModelKind::Recommender);
    pg::enterEngine([&] {
        base::ByteReader reader(
            {reinterpret_cast<const std::byte*>(VARDATA_ANY(content)), VARSIZE_ANY_EXHDR(content)});
        auto loaded = std::make_unique<LoadedRecommender>(Recommender::unpack(reader));
        loaded->name = name;
        loaded->version = version;
        state->loaded = loaded.release();
    });
    SPI_finish();
}

LoadedRecommender& prepare(FunctionCallInfo fcinfo, int versionArgument) {
    CallState* state = stateOf(fcinfo);
    const char* name = text_to_cstring(PG_GETARG_TEXT_PP(0));
    const bool deployed = PG_ARGISNULL(versionArgument);
    const int32 version = deployed ? kDeployedVersion : PG_GETARG_INT32(versionArgument);
    if (!deployed && version < 1) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("versions of models start at 1, not %d", version)));
    }
    if (state->loaded == nullptr || state->loaded->version != version ||
        state->loaded->name != name) {
        load(state, name, version);
    }
    return *state->loaded;
}

// Of the second argument, whatever its type.
std::string_view idOf(FunctionCallInfo fcinfo) {
    return stateOf(fcinfo)->idText(PG_GETARG_DATUM(1));
}

size_t countOf(FunctionCallInfo fcinfo) {
    const int32 count = PG_GETARG_INT32(2);
    if (count < 1 || count > kMostProducts) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("n must be between 1 and %d, not %d", kMostProducts, count)));
    }
    return static_cast<size_t>(count);
}

bool anyNull(FunctionCallInfo fcinfo, int arguments) {
    for (int i = 0; i < arguments; i++) {
        if (PG_ARGISNULL(i))
            return true;
    }
    return false;
}

// Inside enterEngine. The columns are rank, product_id, score and, if there are four, basis.
void putRows(FunctionCallInfo fcinfo, const Recommender& recommender,
             const std::vector<Ranked>& ranked) {
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    pg::callPostgres([&] {
        int32 rank = 0;
        for (const Ranked& row : ranked) {
            const std::string_view name = recommender.productIds[row.product];
            // It may come from a dump of a database with another encoding.
            (void)pg_verifymbstr(name.data(), static_cast<int>(name.size()), false);
            Datum values[] = {Int32GetDatum(++rank),
                              PointerGetDatum(cstring_to_text_with_len(
                                  name.data(), static_cast<int>(name.size()))),
                              Float8GetDatum(row.score),
                              CStringGetTextDatum(row.popular ? "popularity" : "history")};
            bool nulls[] = {false, false, false, false};
            tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
        }
    });
}

}  // namespace

}  // namespace footfall::functions

extern "C" {
PGDLLEXPORT Datum footfall_recommend(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(footfall_recommend);
PGDLLEXPORT Datum footfall_similar_products(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(footfall_similar_products);

Datum footfall_recommend(PG_FUNCTION_ARGS) {
    using namespace footfall;
    InitMaterializedSRF(fcinfo, 0);
    if (functions::anyNull(fcinfo, 4))
        return Datum{0};
    const size_t count = functions::countOf(fcinfo);
    const bool excludeBought = PG_GETARG_BOOL(3);
    functions::LoadedRecommender& loaded = functions::prepare(fcinfo, 4);
    const std::string_view customer = functions::idOf(fcinfo);
    pg::enterEngine([&] {
        const auto known = loaded.recommender.customerIds.find(customer);
        functions::putRows(fcinfo, loaded.recommender,
                           known.has_value()
                               ? loaded.ranker.forCustomer(*known, count, excludeBought)
                               : loaded.ranker.popular(count));
    });
    return Datum{0};
}

Datum footfall_similar_products(PG_FUNCTION_ARGS) {
    using namespace footfall;
    InitMaterializedSRF(fcinfo, 0);
    if (functions::anyNull(fcinfo, 3))
        return Datum{0};
    const size_t count = functions::countOf(fcinfo);
    functions::LoadedRecommender& loaded = functions::prepare(fcinfo, 3);
    const std::string_view product = functions::idOf(fcinfo);
    pg::enterEngine([&] {
        const auto known = loaded.recommender.productIds.find(product);
        if (known.has_value())
            functions::putRows(fcinfo, loaded.recommender, loaded.ranker.similarTo(*known, count));
    });
    return Datum{0};
}
}
