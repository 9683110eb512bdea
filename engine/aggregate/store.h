// The groups in memory: their keys, their states, the sets of DISTINCT aggregates. What is spilled
// or finished is a whole store at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <memory_resource>
#include <optional>

#include "engine/aggregate/distinct_set.h"
#include "engine/aggregate/group_table.h"
#include "engine/aggregate/key_column.h"
#include "engine/aggregate/layout.h"
#include "engine/aggregate/states.h"
#include "engine/base/buffer.h"

namespace footfall::aggregate {

struct Distinct {
    Distinct(vector::ColumnType type, std::pmr::memory_resource* resource)
        : values(type, resource), set(resource) {
        if (values.canBeDirect())
            values.makeDirect();
    }
    KeyColumn values;
    DistinctSet set;
};

class Store {
  public:
    Store(const Layout& layout, std::pmr::memory_resource* resource);

    const Layout& layout() const noexcept { return layout_; }
    GroupTable& table() noexcept { return table_; }
    const GroupTable& table() const noexcept { return table_; }
    uint32_t groups() const noexcept { return table_.groups(); }
    // Gives states to groups the table has made since.
    void makeStates();

    template <class State>
    State& state(uint32_t group, const Field& field) noexcept {
        return *reinterpret_cast<State*>(at(group) + field.offset);
    }
    template <class State>
    const State& state(uint32_t group, const Field& field) const noexcept {
        return const_cast<Store*>(this)->state<State>(group, field);
    }
    std::byte* at(uint32_t group) noexcept {
        return states_.data() + size_t{group} * layout_.stride;
    }
    // Null where the aggregate is not DISTINCT.
    Distinct* distinct(size_t field) noexcept { return distinct_[field]; }
    const Distinct* distinct(size_t field) const noexcept { return distinct_[field]; }

    // Takes a value into a Min or Max of bytes.
    void bound(BytesBoundState& state, std::string_view value, bool min);

    // One value of a DISTINCT aggregate, new to the group.
    void addValue(uint32_t group, const Field& field, const Value& value);

  private:
    const Layout& layout_;
    std::pmr::monotonic_buffer_resource arena_;
    GroupTable table_;
    base::Buffer states_;
    std::pmr::deque<Distinct> sets_;
    std::pmr::vector<Distinct*> distinct_;
};

}  // namespace footfall::aggregate
