// What the behavioural aggregates have in common: where their state lives, and how it travels
// between the processes of a parallel plan.
//
// A group's state is a GroupState<T>: T belongs to the engine, takes its memory from the
// aggregate's context and is never destroyed, only freed with the context. T offers
//     T(std::pmr::memory_resource*)
//     void pack(base::ByteWriter&)                      versioned, self-contained
//     void unpack(base::ByteReader&, size_t limit)      adds a packed state
// and, where it may be large,
//     size_t bytes() const                              what its events take
//     void release()                                    forgets them
// deserialize hands the bytes on as they are; combine reads them into the state they go to, so that
// a large group is never in memory twice. A large state that was serialised keeps its packed form
// alone, several times smaller: it gets no more rows, but another aggregate may share it.
#pragma once

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "extension/executor/behavior_arguments.h"
#include "extension/executor/state_memory.h"
#include "extension/pg/guard.h"
#include "extension/pg/memory.h"

namespace footfall::functions {

template <class T>
struct GroupState {
    explicit GroupState(MemoryContext context) : resource(context), value(&resource) {}

    executor::StateResource resource;
    T value;
    base::ByteWriter* packed = nullptr;  // once it was serialised, if it is large
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

// Packs a large state for good. Its packed form will be copied into a row, through the queue
// between two processes, and perhaps by a sort, none of which asks.
template <class T>
void packForGood(GroupState<T>& group, MemoryContext context) {
    auto* packed = pg::makeIn<base::ByteWriter>(context, &group.resource);
    group.value.pack(*packed);
    group.value.release();
    group.resource.check(packed->size(), 3 * packed->size());
    group.packed = packed;
}

template <class T>
Datum serializeState(FunctionCallInfo fcinfo) {
    constexpr size_t kLarge = size_t{1} << 20;
    MemoryContext context = aggregateContext(fcinfo);
    auto& group = *reinterpret_cast<GroupState<T>*>(PG_GETARG_POINTER(0));
    bytea* result = nullptr;
    pg::enterEngine([&] {
        if constexpr (requires { group.value.release(); }) {
            if (group.packed == nullptr && group.value.bytes() >= kLarge) {
                packForGood(group, context);
            }
        }
        if (group.packed != nullptr) {
            pg::callPostgres([&] { result = toBytea(group.packed->bytes()); });
        } else {
            base::ByteWriter writer;
            group.value.pack(writer);
            pg::callPostgres([&] { result = toBytea(writer.bytes()); });
        }
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
