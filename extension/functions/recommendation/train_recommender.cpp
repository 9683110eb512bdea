// footfall.train_recommender(model, events, algorithm, options, purchase, filter, time_zone): reads
// the events as the caller, has a worker learn, stores a new version with its metrics, and returns
// what matters of it.
#include "engine/model/metrics.h"
#include "extension/functions/model/model_store.h"
#include "extension/functions/model/training_process.h"
#include "extension/functions/recommendation/interaction_query.h"
#include "extension/functions/recommendation/interaction_reader.h"
#include "extension/reports/arguments.h"

namespace footfall::functions {

namespace {

constexpr const char* kReturned[] = {"precision_at_k", "recall_at_k", "map_at_k", "ndcg_at_k",
                                     "auc_at_k"};

struct Answer {
    uint64_t customers = 0;
    uint64_t products = 0;
    uint64_t interactions = 0;
    uint64_t testCustomers = 0;
    std::vector<model::MetricRow> metrics;
    uint64_t contentBytes = 0;
    std::span<const std::byte> content;
};

recommendation::Options optionsOf(const char* algorithm, const CallOptions& call) {
    auto options = recommendation::Options::of(recommendation::algorithmNamed(algorithm));
    bool fraction = false;
    ListCell* cell;
    foreach (cell, call.ofAlgorithm) {
        const auto* given = static_cast<NamedText*>(lfirst(cell));
        try {
            options.set(given->name, given->value);
        } catch (base::Error& error) {
            // The engine's hint lists its own; these belong to the call.
            if (error.hint()[0] != '\0')
                error.withHint("%s, split, weights, weight_by.",
                               std::string(error.hint(), strlen(error.hint()) - 1).c_str());
            throw;
        }
        fraction = fraction || strcmp(given->name, "test_fraction") == 0;
    }
    if (call.split != nullptr && fraction)
        base::throwBadArgument("give \"split\" or \"test_fraction\", not both");
    return options;
}

base::ByteWriter requestOf(const CallOptions& call,
                           const recommendation::Interactions& interactions) {
    base::ByteWriter request;
    request.varint(static_cast<uint64_t>(list_length(call.ofAlgorithm)));
    ListCell* cell;
    foreach (cell, call.ofAlgorithm) {
        const auto* given = static_cast<NamedText*>(lfirst(cell));
        for (const std::string_view text : {given->name, given->value}) {
            request.varint(text.size());
            request.append(text);
        }
    }
    interactions.pack(request);
    return request;
}

void readAnswer(base::ByteReader& reader, Answer& answer) {
    answer.interactions = reader.u64();
    answer.testCustomers = reader.u64();
    for (uint64_t left = reader.varint(); left > 0; left--) {
        model::MetricRow& row = answer.metrics.emplace_back();
        row.metric = reader.text(reader.varintUpTo(reader.remaining(), "length of a name"));
        row.value = reader.read<double>();
    }
    answer.contentBytes = reader.u64();
    answer.content = reader.rest();
}

void requireStorable(uint64_t bytes) {
    if (bytes > training::kMostContent) {
        ereport(ERROR,
                (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                 errmsg("the recommender has " UINT64_FORMAT " bytes, which is too many to store",
                        bytes),
                 errhint("Ask for fewer factors or neighbors, or leave out customers or "
                         "products with few events.")));
    }
}

// What is known before anything is learnt; how many neighbours there are is not.
uint64_t leastBytes(const recommendation::Interactions& interactions,
                    const recommendation::Options& options) {
    const uint64_t rows = uint64_t{interactions.customers()} + interactions.products();
    const auto factors = static_cast<uint64_t>(options.factors);
    return options.algorithm == recommendation::Algorithm::Als ? rows * factors * sizeof(float) : 0;
}

int32 store(NewVersion& version, const Answer& answer, const InteractionQuery& query) {
    requireStorable(answer.contentBytes);
    const Size size = answer.content.size();
    version.content = static_cast<bytea*>(palloc(VARHDRSZ + size));
    SET_VARSIZE(version.content, VARHDRSZ + size);
    memcpy(VARDATA(version.content), answer.content.data(), size);
    List* columns = query.columns();
    version.label = static_cast<char*>(linitial(columns));
    auto* names = static_cast<Datum*>(palloc(list_length(columns) * sizeof(Datum)));
    for (int i = 1; i < list_length(columns); i++)
        names[i - 1] = CStringGetTextDatum(static_cast<char*>(list_nth(columns, i)));
    version.features =
        construct_array(names, list_length(columns) - 1, TEXTOID, -1, false, TYPALIGN_INT);
    version.trainingRows = static_cast<int64>(answer.interactions);
    version.testRows = static_cast<int64>(answer.testCustomers);
    const int32 number = storeVersion(version);
    for (const model::MetricRow& row : answer.metrics)
        storeMetric(version.model, number, row.metric.c_str(), nullptr, row.value);
    if (query.hasSplit()) {
        constexpr double kMicroseconds = 1e6;
        constexpr double kEpochs =
            static_cast<double>(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
        storeMetric(version.model, number, "split_epoch", nullptr,
                    static_cast<double>(query.split()) / kMicroseconds + kEpochs);
    }
    return number;
}

void putMetrics(const Answer& answer, Datum* values, bool* nulls) {
    for (size_t i = 0; i < std::size(kReturned); i++) {
        nulls[i] = true;
        for (const model::MetricRow& row : answer.metrics) {
            if (row.metric == kReturned[i]) {
                values[i] = Float8GetDatum(row.value);
                nulls[i] = false;
            }
        }
    }
}

}  // namespace

}  // namespace footfall::functions

extern "C" {
PGDLLEXPORT Datum footfall_train_recommender(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(footfall_train_recommender);

Datum footfall_train_recommender(PG_FUNCTION_ARGS) {
    using namespace footfall;
    TupleDesc descriptor = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE)
        elog(ERROR, "footfall.train_recommender returns a row");
    const reports::Arguments arguments(fcinfo);
    functions::NewVersion version = {};
    version.model = arguments.requiredString("model");
    version.dataset = arguments.requiredString("events");
    version.algorithm = arguments.requiredString("algorithm");
    if (arguments.isNull("options")) {
        ereport(ERROR,
                (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("options must not be null")));
    }
    version.options = PG_GETARG_DATUM(3);
    if (version.model[0] == '\0') {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the model needs a name")));
    }
    constexpr int kColumns = 11;
    Datum values[kColumns];
    bool nulls[kColumns] = {};
    SPI_connect();
    functions::requireOwnOrNew(version.model);
    const functions::CallOptions call = functions::readCallOptions(version.options);
    pg::enterEngine([&] {
        const auto options = functions::optionsOf(version.algorithm, call);
        functions::InteractionQuery* query = nullptr;
        const char* text = nullptr;
        pg::callPostgres([&] {
            void* place = palloc(sizeof(functions::InteractionQuery));
            query = new (place) functions::InteractionQuery(arguments, call, options.testFraction);
            text = query->text();
        });
        functions::Answer answer;
        base::ByteWriter request;
        {
            const auto interactions =
                functions::readInteractions(text, options, functions::trainingThreads());
            answer.customers = interactions.customers();
            answer.products = interactions.products();
            const uint64_t bytes = functions::leastBytes(interactions, options);
            pg::callPostgres([&] { functions::requireStorable(bytes); });
            request = functions::requestOf(call, interactions);
        }
        functions::runInWorker(
            request, training::Task::Recommender, static_cast<uint32_t>(options.algorithm),
            [&](base::ByteReader& reader) {
                functions::readAnswer(reader, answer);
                pg::callPostgres(
                    [&] { values[1] = Int32GetDatum(functions::store(version, answer, *query)); });
            });
        values[2] = Int64GetDatum(static_cast<int64>(answer.customers));
        values[3] = Int64GetDatum(static_cast<int64>(answer.products));
        values[4] = Int64GetDatum(static_cast<int64>(answer.interactions));
        values[5] = Int64GetDatum(static_cast<int64>(answer.testCustomers));
        functions::putMetrics(answer, values + 6, nulls + 6);
    });
    SPI_finish();
    values[0] = PG_GETARG_DATUM(0);
    return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}
}
