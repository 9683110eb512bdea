#include "engine/aggregate/store.h"

#include <algorithm>
#include <cstring>

namespace footfall::aggregate {

Store::Store(const Layout& layout, std::pmr::memory_resource* resource)
    : layout_(layout),
      arena_(resource),
      table_(layout.keys, resource),
      states_(resource),
      sets_(resource),
      distinct_(layout.fields.size(), nullptr, resource) {
    for (size_t i = 0; i < layout.fields.size(); ++i) {
        const AggregateSpec& spec = layout.fields[i].spec;
        if (spec.distinct)
            distinct_[i] = &sets_.emplace_back(spec.argument->type, resource);
    }
    makeStates();
}

void Store::makeStates() {
    const size_t needed = size_t{groups()} * layout_.stride;
    if (needed > states_.size()) {
        const size_t more = needed - states_.size();
        std::memset(states_.extend(more), 0, more);
    }
}

void Store::bound(BytesBoundState& state, std::string_view value, bool min) {
    ++state.count;
    if (state.data != nullptr) {
        const std::string_view current(state.data, state.size);
        if (min ? value >= current : value <= current)
            return;
    }
    if (state.data == nullptr || value.size() > state.capacity) {
        state.capacity =
            static_cast<uint32_t>(std::max<size_t>(value.size() + value.size() / 2, 16));
        state.data = static_cast<char*>(arena_.allocate(state.capacity, 1));
    }
    state.size = static_cast<uint32_t>(value.size());
    if (!value.empty())
        std::memcpy(state.data, value.data(), value.size());
}

void Store::addValue(uint32_t group, const Field& field, const Value& value) {
    switch (field.form) {
        case Form::IntegerSum: {
            auto& state = this->state<IntegerSumState>(group, field);
            ++state.count;
            state.sum += value.integer;
            return;
        }
        case Form::WideSum: {
            auto& state = this->state<WideSumState>(group, field);
            ++state.count;
            state.sum.add(value.integer);
            return;
        }
        case Form::FloatSum: {
            auto& state = this->state<FloatSumState>(group, field);
            return state.add(value.real, field.spec.function == Function::Average);
        }
        default:
            ++this->state<CountState>(group, field).count;
    }
}

}  // namespace footfall::aggregate
