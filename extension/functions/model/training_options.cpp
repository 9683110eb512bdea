// See training_options.h.
#include "extension/functions/model/training_options.h"

#include "engine/base/error.h"

namespace footfall::functions {

namespace {

// An array gives several rows of one name.
constexpr char kQuery[] =
    "SELECT e.key, a.value FROM pg_catalog.jsonb_each($1) e "
    "CROSS JOIN LATERAL pg_catalog.jsonb_array_elements_text("
    "CASE WHEN pg_catalog.jsonb_typeof(e.value) OPERATOR(pg_catalog.=) 'array' THEN e.value "
    "ELSE pg_catalog.jsonb_build_array(e.value) END) a(value)";

void setOnce(std::string& target, const char* name, const char* value) {
    if (!target.empty())
        base::throwBadArgument("option \"%s\" names one column", name);
    target = value;
}

}  // namespace

TrainingOptions readOptions(model::Algorithm algorithm, Datum jsonb) {
    uint64 count = 0;
    char** texts = nullptr;
    pg::callPostgres([&] {
        Oid types[] = {JSONBOID};
        Datum values[] = {jsonb};
        if (SPI_execute_with_args(kQuery, 1, types, values, nullptr, true, 0) != SPI_OK_SELECT)
            elog(ERROR, "the options could not be read");
        count = SPI_processed;
        texts = static_cast<char**>(palloc(2 * (count + 1) * sizeof(char*)));
        for (uint64 row = 0; row < count; row++) {
            for (int column = 0; column < 2; column++) {
                texts[2 * row + static_cast<uint64>(column)] =
                    SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column + 1);
            }
        }
    });
    TrainingOptions options(algorithm);
    for (uint64 row = 0; row < count; row++) {
        const char* name = texts[2 * row];
        const char* value = texts[2 * row + 1];
        if (value == nullptr)
            base::throwBadArgument("option \"%.64s\" must not be null", name);
        if (strcmp(name, "id") == 0) {
            options.ids.emplace_back(value);
        } else if (strcmp(name, "time") == 0) {
            setOnce(options.time, name, value);
        } else if (strcmp(name, "embargo") == 0) {
            if (options.embargo.has_value())
                base::throwBadArgument("option \"embargo\" has one value, not an array");
            options.embargo = value;
        } else if (strcmp(name, "split") == 0) {
            setOnce(options.split, name, value);
        } else {
            for (const auto& [before, unused] : options.given) {
                if (before == name)
                    base::throwBadArgument("option \"%.64s\" has one value, not an array", name);
            }
            try {
                options.algorithm.set(name, value);
            } catch (base::Error& error) {
                // The engine's hint lists its own; these belong to the call.
                if (error.hint()[0] != '\0')
                    error.withHint("%s, id, time, embargo, split.",
                                   std::string(error.hint(), strlen(error.hint()) - 1).c_str());
                throw;
            }
            options.given.emplace_back(name, value);
        }
    }
    if (!options.time.empty() && !options.split.empty())
        base::throwBadArgument("give \"time\" or \"split\", not both");
    if (options.embargo.has_value() && options.time.empty()) {
        throw base::Error(base::ErrorKind::BadArgument, "\"embargo\" needs \"time\"")
            .withHint("It says how long after its time the label of a row is known.");
    }
    return options;
}

void TrainingOptions::pack(base::ByteWriter& writer) const {
    writer.varint(given.size());
    for (const auto& [name, value] : given) {
        for (const std::string* text : {&name, &value}) {
            writer.varint(text->size());
            writer.append(*text);
        }
    }
}

}  // namespace footfall::functions
