// GROUP BY over batches: filters, keys, aggregates, and states that travel.
//
// Use: consume() every batch and merge() every state of others, then either
//   finish(), and while (nextGroups()) read groups() x {key, result}; or
//   while (nextState(out)) send `out` to the Aggregation that merges it.
// States are in a format of the engine's own (README.md), versioned and checked when read: merge()
// throws CorruptData for whatever nextState() cannot have written for the same spec.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>

#include "engine/aggregate/aggregate_spec.h"
#include "engine/aggregate/row_groups.h"
#include "engine/aggregate/spill_source.h"
#include "engine/base/buffer.h"
#include "engine/scan/batch.h"
#include "engine/scan/evaluator.h"

namespace footfall::aggregate {

class Aggregation {
  public:
    // Everything given outlives the aggregation. `evaluator` belongs to the builder of the spec's
    // expressions; null when batches are never consumed, only states merged. `spill` may be null:
    // then `memoryLimit` is not looked at.
    Aggregation(const AggregationSpec& spec, scan::Evaluator* evaluator, SpillSource* spill,
                size_t memoryLimit, std::pmr::memory_resource* resource);
    Aggregation(const Aggregation&) = delete;
    Aggregation& operator=(const Aggregation&) = delete;
    ~Aggregation();

    // Takes the selected rows of the batch; `selection` is left with those that passed the filters.
    void consume(scan::Batch& batch, scan::Selection& selection);
    // After consume() with keys: the groups of the rows that are still selected.
    RowGroups& rowGroups() noexcept;
    // Forgets all groups, so that rows are grouped anew. Only without a SpillSource.
    void restart();
    // Adds a state from nextState() of an Aggregation with the same spec.
    void merge(std::span<const std::byte> state);

    // Bytes held by groups and their states.
    size_t memoryBytes() const noexcept;
    // Files written because memory was short, for EXPLAIN.
    uint32_t spilledFiles() const noexcept;

    // No more rows and states come.
    void finish();
    // Makes the next lot of groups the current one; false when all were seen. Without spilling
    // there is one lot.
    bool nextGroups();
    uint32_t groups() const noexcept;  // of the current lot
    Value key(uint32_t group, uint32_t key) const;
    Result result(uint32_t group, uint32_t aggregate) const;

    // Instead of finish(): the states of all groups in records of about `recordBytes`.
    bool nextState(base::Buffer& out, size_t recordBytes = 256 << 10);

  private:
    struct Impl;
    Impl* impl_;
};

}  // namespace footfall::aggregate
