// Behavioural aggregates over batches of rows: what window_funnel and its kin answer for many
// groups at once.
//
// Somebody else tells the groups apart (aggregate::Aggregation) and says of each row which group it
// belongs to. One of these objects is one aggregate of a query. Answers are those of the plain
// aggregates, which share the matchers and the canonical order of events with it.
//
// Use: consume() batches; finish(); result() of each group; restart().
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <string_view>

#include "engine/aggregate/row_groups.h"
#include "engine/behavior/sessions.h"
#include "engine/behavior/text_event.h"
#include "engine/behavior/window_funnel.h"
#include "engine/scan/batch.h"
#include "engine/scan/evaluator.h"
#include "engine/scan/expression.h"

namespace footfall::behavior {

enum class GroupFunction : uint8_t {
    Funnel,
    FunnelTimes,
    Retention,
    SequenceMatch,
    SequenceCount,
    SequenceNext,
    Sessions,
    Path,
    ActivePeriods,
};

struct GroupAggregateSpec {
    GroupFunction function = GroupFunction::Funnel;
    const scan::Expression* filter = nullptr;  // Bool; only rows for which it is true count
    const scan::Expression* time = nullptr;    // Int64; all but Retention and ActivePeriods
    const scan::Expression* text = nullptr;    // Bytes; SequenceNext, Path
    const scan::Expression* period = nullptr;  // Int32; ActivePeriods
    std::span<const scan::Expression* const> conditions;  // Bool
    uint64_t window = 0;                                  // of a funnel, microseconds
    FunnelModes modes;
    std::string_view pattern;  // Sequence*
    uint64_t gap = 0;          // Sessions, microseconds
    int64_t length = 0;        // Path
};

// What an aggregate has for a group; which fields count says the function.
struct GroupResult {
    bool null = false;
    int64_t integer = 0;             // Funnel, SequenceMatch, SequenceCount
    uint32_t conditions = 0;         // Retention: their number, and in `integer` those met
    std::span<const int64_t> times;  // FunnelTimes
    SessionSummary sessions;
    std::string_view bytes;           // SequenceNext; ActivePeriods: the bits, first bit highest
    uint32_t bits = 0;                // ActivePeriods: how many
    std::span<const TextEvent> path;  // Path
};

class GroupAggregate {
  public:
    virtual ~GroupAggregate() = default;

    // Takes the selected rows; `groups` says which is that of each.
    virtual void consume(scan::Batch& batch, const scan::Selection& selection,
                         aggregate::RowGroups& groups) = 0;
    // No more rows come, of groups 0 to `groups` - 1.
    virtual void finish(uint32_t groups) = 0;
    // Valid until the next call.
    virtual GroupResult result(uint32_t group) = 0;
    // Where few results are unlike: the codes of the results of groups first to first + count - 1,
    // vector::kNullCode for NULL. False where it does not keep codes, or no longer. Codes mean the
    // same until the end, also after restart().
    virtual bool resultCodes(uint32_t first, uint32_t count, uint32_t* codes) {
        (void)first, (void)count, (void)codes;
        return false;
    }
    // How many codes there are, and what one stands for; valid until the next call.
    virtual uint32_t codes() const { return 0; }
    virtual GroupResult resultOfCode(uint32_t code) { return result(code); }
    // Forgets all groups.
    virtual void restart() = 0;
};

// In memory of the resource, which outlives it; it needs no destructor. The events of the groups
// between two restarts take at most `limit` bytes.
GroupAggregate* makeGroupAggregate(const GroupAggregateSpec& spec, scan::Evaluator& evaluator,
                                   size_t limit, std::pmr::memory_resource* resource);

}  // namespace footfall::behavior
