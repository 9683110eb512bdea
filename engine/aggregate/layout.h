// Where the state of each aggregate lies in a group's states, and of which form it is.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "engine/aggregate/aggregate_spec.h"

namespace footfall::aggregate {

// What a state is; stored in serialised states, so never renumbered.
enum class Form : uint8_t {
    Count = 1,
    IntegerSum,
    WideSum,
    FloatSum,
    IntegerMin,
    IntegerMax,
    FloatMin,
    FloatMax,
    BytesMin,
    BytesMax,
    IntegerVariance,
    FloatVariance,
    Regression,
};

struct Field {
    AggregateSpec spec;
    Form form;
    uint32_t offset;
};

struct Layout {
    Layout(const AggregationSpec& spec, std::pmr::memory_resource* resource);

    std::pmr::vector<vector::ColumnType> keys;
    std::pmr::vector<Field> fields;
    uint32_t stride = 0;
    // Of types and functions: states of a layout with another one are not ours.
    uint32_t fingerprint = 0;
};

// Throws BadArgument when there is no such aggregate.
Form formOf(const AggregateSpec& spec);
uint32_t sizeOf(Form form) noexcept;

}  // namespace footfall::aggregate
