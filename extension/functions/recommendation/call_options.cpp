// See call_options.h.
#include "extension/functions/recommendation/call_options.h"

#include <cmath>

namespace footfall::functions {

namespace {

// An object gives a row a member.
constexpr char kQuery[] =
    "SELECT e.key, pg_catalog.jsonb_typeof(e.value), "
    "e.value OPERATOR(pg_catalog.#>>) '{}'::pg_catalog.text[], m.key, m.value "
    "FROM pg_catalog.jsonb_each($1) e LEFT JOIN LATERAL pg_catalog.jsonb_each_text("
    "CASE WHEN pg_catalog.jsonb_typeof(e.value) OPERATOR(pg_catalog.=) 'object' THEN e.value "
    "ELSE '{}'::pg_catalog.jsonb END) m ON true";

constexpr double kMostWeight = 1e6;

EventWeight* weightOf(char* event, const char* text) {
    auto* weight = static_cast<EventWeight*>(palloc(sizeof(EventWeight)));
    char* end = nullptr;
    const char* digits = text == nullptr ? "" : text;
    *weight = {event, strtod(digits, &end)};
    if (end == digits || *end != '\0' || !(weight->weight >= 0) || weight->weight > kMostWeight) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("the weight of event \"%s\" is a number from 0 to %g, not \"%s\"",
                               event, kMostWeight, text == nullptr ? "null" : text)));
    }
    return weight;
}

void requireKind(const char* name, const char* kind) {
    if (strcmp(kind, "null") == 0) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("option \"%s\" must not be null", name)));
    }
    const bool wantsObject = strcmp(name, "weights") == 0;
    if (wantsObject != (strcmp(kind, "object") == 0) || strcmp(kind, "array") == 0) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        wantsObject ? errmsg("option \"weights\" is an object, not a %s", kind)
                                    : errmsg("option \"%s\" has one value, not an %s", name, kind),
                        wantsObject ? errhint("For example {\"weights\": {\"view\": 1, "
                                              "\"purchase\": 5}}.")
                                    : 0));
    }
}

bool isAmount(const char* value) {
    if (strcmp(value, "amount") != 0 && strcmp(value, "events") != 0) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                 errmsg("option \"weight_by\" is \"events\" or \"amount\", not \"%s\"", value)));
    }
    return strcmp(value, "amount") == 0;
}

void addWeight(CallOptions* options, char* event, const char* weight) {
    if (event == nullptr) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("option \"weights\" names no event")));
    }
    options->weights = lappend(options->weights, weightOf(event, weight));
}

}  // namespace

CallOptions readCallOptions(Datum jsonb) {
    Oid types[] = {JSONBOID};
    Datum values[] = {jsonb};
    if (SPI_execute_with_args(kQuery, 1, types, values, nullptr, true, 0) != SPI_OK_SELECT) {
        elog(ERROR, "the options could not be read");
    }
    CallOptions options = {};
    for (uint64 row = 0; row < SPI_processed; row++) {
        const auto text = [&](int column) {
            return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
        };
        char* name = text(1);
        requireKind(name, text(2));
        char* value = text(3);
        if (strcmp(name, "weights") == 0) {
            addWeight(&options, text(4), text(5));
        } else if (strcmp(name, "split") == 0) {
            options.split = value;
        } else if (strcmp(name, "weight_by") == 0) {
            options.byAmount = isAmount(value);
        } else {
            auto* given = static_cast<NamedText*>(palloc(sizeof(NamedText)));
            *given = {name, value};
            options.ofAlgorithm = lappend(options.ofAlgorithm, given);
        }
    }
    return options;
}

}  // namespace footfall::functions
