// What the behavioural aggregates have in common: where their state lives, and how it travels
// between the processes of a parallel plan.
//
// A group's state is a GroupState<T>: T belongs to the engine, takes its memory from the
// aggregate's context and is never destroyed, only freed with the context. T offers
//     T(std::pmr::memory_resource*)
//     void pack(base::ByteWriter&)                      versioned, self-contained
//     void unpack(base::ByteReader&, size_t limit)      adds a packed state
// deserialize hands the bytes on as they are; combine reads them into the state they go to, so that
// a large group is never in memory twice.
#pragma once

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "extension/executor/behavior_arguments.h"
#include "extension/pg/guard.h"
#include "extension/pg/memory.h"

namespace footfall::functions {

template <class T>
struct GroupState {
    explicit GroupState(MemoryContext context) : resource(context), value(&resource) {}

    pg::ContextResource resource;
    T value;
};

struct PackedState {
    const std::byte* bytes;
    size_t size;
};

// The context that lives as long as the group's state; an ERROR outside of an aggregate.
MemoryContext aggregateContext(FunctionCallInfo fcinfo);
using executor::stateLimit;
using executor::toMicroseconds;
// The non-null value of argument `n`, which errors call `what`.
Datum requiredArgument(FunctionCallInfo fcinfo, int n, const char* what);

// Conditions as bits; a NULL condition is not met.
struct Conditions {
    uint32 count;
    uint32 met;
};
Conditions readConditions(ArrayType* array);
bytea* toBytea(std::span<const std::byte> bytes);

template <class T>
T& stateOf(Datum datum) {
    return reinterpret_cast<GroupState<T>*>(DatumGetPointer(datum))->value;
}

// The state in argument 0, made when there is none. Only inside enterEngine when it may be new.
template <class T>
T& openState(FunctionCallInfo fcinfo, MemoryContext context, Datum* state) {
    if (PG_ARGISNULL(0)) {
        *state = PointerGetDatum(pg::makeIn<GroupState<T>>(context, context));
    } else {
        *state = PG_GETARG_DATUM(0);
    }
    return stateOf<T>(*state);
}

// Appends to an EventBuffer; the wall is crossed only when it is full.
template <class Buffer, class Event>
void appendEvent(Buffer& buffer, const Event& event) {
    if (buffer.full()) {
        const size_t limit = stateLimit();
        pg::enterEngine([&] { buffer.grow(limit); });
    }
    buffer.append(event);
}

template <class T>
Datum serializeState(FunctionCallInfo fcinfo) {
    (void)aggregateContext(fcinfo);
    T& value = stateOf<T>(PG_GETARG_DATUM(0));
    bytea* result = nullptr;
    pg::enterEngine([&] {
        base::ByteWriter writer;
        value.pack(writer);
        pg::callPostgres([&] { result = toBytea(writer.bytes()); });
    });
    PG_RETURN_BYTEA_P(result);
}

inline Datum deserializeState(FunctionCallInfo fcinfo) {
    (void)aggregateContext(fcinfo);
    bytea* bytes = PG_GETARG_BYTEA_PP(0);
    auto* packed = static_cast<PackedState*>(palloc(sizeof(PackedState)));
    packed->bytes = reinterpret_cast<const std::byte*>(VARDATA_ANY(bytes));
    packed->size = VARSIZE_ANY_EXHDR(bytes);
    PG_RETURN_POINTER(packed);
}

template <class T>
Datum combineStates(FunctionCallInfo fcinfo) {
    MemoryContext context = aggregateContext(fcinfo);
    if (PG_ARGISNULL(1)) {
        if (PG_ARGISNULL(0)) {
            PG_RETURN_NULL();
        }
        return PG_GETARG_DATUM(0);
    }
    const auto* packed = reinterpret_cast<const PackedState*>(PG_GETARG_POINTER(1));
    const size_t limit = stateLimit();
    Datum state = Datum{0};
    pg::enterEngine([&] {
        base::ByteReader reader(std::span(packed->bytes, packed->size));
        openState<T>(fcinfo, context, &state).unpack(reader, limit);
    });
    return state;
}

}  // namespace footfall::functions
