// A sketch as a value of an SQL type: a varlena whose bytes are what the sketch packs.
//
// The bytes are the same on every platform, so input and output, dumps, pg_upgrade and the binary
// protocol all carry them as they are. Input that is no such sketch is refused with 22P02 (text) or
// 22P03 (binary); every accessor decodes with checks, too, since a page can be damaged.
//
// T offers what GroupState asks for (behavior/aggregate.h), SketchTraits<T> its name and the
// parameters of a sketch without rows.
#pragma once

#include "extension/functions/behavior/aggregate.h"

namespace footfall::functions {

template <class T>
struct SketchTraits;
// kName: the SQL type's. setDefaults(T&). check(T&): what PostgreSQL asks of a value from outside.

// The bytes of the text form: \\x and hexadecimal digits, whatever bytea_output says. 22P02 when it
// is something else.
std::span<const std::byte> bytesOfText(const char* text, const char* type);

// Refuses bytes from outside that T cannot read.
template <class T>
void checkInput(std::span<const std::byte> bytes, int sqlstate) {
    char problem[256] = "";
    const size_t limit = stateLimit();
    pg::enterEngine([&] {
        try {
            T sketch(std::pmr::new_delete_resource());
            base::ByteReader reader(bytes);
            sketch.unpack(reader, limit);
            SketchTraits<T>::check(sketch);
        } catch (const base::Error& error) {
            if (error.kind() != base::ErrorKind::CorruptData) {
                throw;
            }
            strlcpy(problem, error.what(), sizeof(problem));
        }
    });
    if (problem[0] != '\0') {
        ereport(ERROR,
                (errcode(sqlstate), errmsg("invalid input for type %s", SketchTraits<T>::kName),
                 errdetail_internal("%s", problem)));
    }
}

template <class T>
Datum sketchIn(FunctionCallInfo fcinfo) {
    const auto bytes = bytesOfText(PG_GETARG_CSTRING(0), SketchTraits<T>::kName);
    checkInput<T>(bytes, ERRCODE_INVALID_TEXT_REPRESENTATION);
    PG_RETURN_BYTEA_P(toBytea(bytes));
}

template <class T>
Datum sketchReceive(FunctionCallInfo fcinfo) {
    auto* message = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
    const std::span<const std::byte> bytes(
        reinterpret_cast<const std::byte*>(message->data + message->cursor),
        static_cast<size_t>(message->len - message->cursor));
    checkInput<T>(bytes, ERRCODE_INVALID_BINARY_REPRESENTATION);
    message->cursor = message->len;
    PG_RETURN_BYTEA_P(toBytea(bytes));
}

inline std::span<const std::byte> bytesOf(const bytea* stored) {
    return {reinterpret_cast<const std::byte*>(VARDATA_ANY(stored)), VARSIZE_ANY_EXHDR(stored)};
}

// Reads a stored sketch into `sketch`, which is new. Only inside enterEngine.
template <class T>
void readSketch(const bytea* stored, T& sketch) {
    base::ByteReader reader(bytesOf(stored));
    sketch.unpack(reader, SIZE_MAX);
}

// Inside enterEngine.
template <class T>
bytea* packSketch(T& sketch) {
    base::ByteWriter writer;
    sketch.pack(writer);
    bytea* result = nullptr;
    pg::callPostgres([&] { result = toBytea(writer.bytes()); });
    return result;
}

// The sketch of a group; of one without rows it is empty.
template <class T>
Datum finalSketch(FunctionCallInfo fcinfo) {
    (void)aggregateContext(fcinfo);
    bytea* result = nullptr;
    pg::enterEngine([&] {
        if (PG_ARGISNULL(0)) {
            T sketch(std::pmr::new_delete_resource());
            SketchTraits<T>::setDefaults(sketch);
            result = packSketch(sketch);
        } else {
            result = packSketch(stateOf<T>(PG_GETARG_DATUM(0)));
        }
    });
    PG_RETURN_BYTEA_P(result);
}

// Arguments: the state, a sketch.
template <class T>
Datum rollupSketch(FunctionCallInfo fcinfo) {
    MemoryContext context = aggregateContext(fcinfo);
    if (PG_ARGISNULL(1)) {
        if (PG_ARGISNULL(0)) {
            PG_RETURN_NULL();
        }
        return PG_GETARG_DATUM(0);
    }
    const bytea* stored = PG_GETARG_BYTEA_PP(1);
    const size_t limit = stateLimit();
    Datum state = Datum{0};
    pg::enterEngine([&] {
        base::ByteReader reader(bytesOf(stored));
        openState<T>(fcinfo, context, &state).unpack(reader, limit);
    });
    return state;
}

}  // namespace footfall::functions
