#include "engine/aggregate/layout.h"

#include "engine/aggregate/states.h"
#include "engine/base/hash.h"

namespace footfall::aggregate {

using vector::ColumnType;
using vector::Kind;

namespace {

void require(bool condition) {
    if (!condition)
        base::throwBadArgument("an aggregate's argument does not go with its function");
}

}  // namespace

Form formOf(const AggregateSpec& spec) {
    if (spec.function == Function::CountRows)
        return Form::Count;
    require(spec.argument != nullptr);
    require(!spec.distinct || spec.function == Function::Count || spec.function == Function::Sum ||
            spec.function == Function::Average);
    const ColumnType type = spec.argument->type;
    const bool small = type.kind == Kind::Int16 || type.kind == Kind::Int32;
    switch (spec.function) {
        case Function::Count:
            return Form::Count;
        case Function::Sum:
        case Function::Average:
            require(small || type.kind == Kind::Int64 || type.isFloat());
            if (type.isFloat())
                return Form::FloatSum;
            return small ? Form::IntegerSum : Form::WideSum;
        case Function::Min:
        case Function::Max: {
            const bool min = spec.function == Function::Min;
            if (type.isInteger())
                return min ? Form::IntegerMin : Form::IntegerMax;
            if (type.isFloat())
                return min ? Form::FloatMin : Form::FloatMax;
            return min ? Form::BytesMin : Form::BytesMax;
        }
        case Function::BoolAnd:
        case Function::BoolOr:
            require(type.kind == Kind::Bool);
            return spec.function == Function::BoolAnd ? Form::IntegerMin : Form::IntegerMax;
        case Function::Variance:
            require(small || type.isFloat());
            return small ? Form::IntegerVariance : Form::FloatVariance;
        case Function::Regression:
            require(spec.second != nullptr && type.kind == Kind::Float64 &&
                    spec.second->type.kind == Kind::Float64);
            return Form::Regression;
        default:
            break;
    }
    base::throwBadArgument("unknown aggregate function %d", static_cast<int>(spec.function));
}

uint32_t sizeOf(Form form) noexcept {
    switch (form) {
        case Form::Count:
            return sizeof(CountState);
        case Form::IntegerSum:
            return sizeof(IntegerSumState);
        case Form::WideSum:
            return sizeof(WideSumState);
        case Form::FloatSum:
            return sizeof(FloatSumState);
        case Form::IntegerMin:
        case Form::IntegerMax:
            return sizeof(IntegerBoundState);
        case Form::FloatMin:
        case Form::FloatMax:
            return sizeof(FloatBoundState);
        case Form::BytesMin:
        case Form::BytesMax:
            return sizeof(BytesBoundState);
        case Form::IntegerVariance:
            return sizeof(IntegerVarianceState);
        case Form::FloatVariance:
            return sizeof(FloatVarianceState);
        case Form::Regression:
            break;
    }
    return sizeof(RegressionState);
}

Layout::Layout(const AggregationSpec& spec, std::pmr::memory_resource* resource)
    : keys(resource), fields(resource) {
    uint64_t hash = spec.keys.size();
    const auto mix = [&](uint64_t value) { hash = base::hashInteger(hash * 31 + value); };
    const auto mixType = [&](ColumnType type) {
        mix(static_cast<uint64_t>(type.kind) << 16 | type.width);
    };
    for (const scan::Expression* key : spec.keys) {
        keys.push_back(key->type);
        mixType(key->type);
    }
    for (const AggregateSpec& aggregate : spec.aggregates) {
        const Form form = formOf(aggregate);
        fields.push_back({aggregate, form, stride});
        stride += sizeOf(form);
        mix(static_cast<uint64_t>(form) << 1 | static_cast<uint64_t>(aggregate.distinct));
        if (aggregate.argument != nullptr)
            mixType(aggregate.argument->type);
    }
    fingerprint = static_cast<uint32_t>(hash);
}

}  // namespace footfall::aggregate
