// See group_aggregate.h.
#include "engine/behavior/group_aggregate.h"

#include <array>
#include <new>
#include <optional>

#include "engine/base/buffer.h"
#include "engine/behavior/active_periods.h"
#include "engine/behavior/condition_codes.h"
#include "engine/behavior/group_events.h"
#include "engine/behavior/path.h"
#include "engine/behavior/retention.h"
#include "engine/behavior/sequence.h"
#include "engine/scan/operands.h"

namespace footfall::behavior {

using aggregate::RowGroups;
using scan::Batch;
using scan::kBatchRows;
using scan::Selection;
using vector::Block;

namespace {

// What the aggregates have in common: which rows count, and what is asked of them.
class RowReader {
  public:
    RowReader(const GroupAggregateSpec& spec, scan::Evaluator& evaluator,
              std::pmr::memory_resource* resource)
        : spec_(spec),
          evaluator_(evaluator),
          scratch_(resource),
          codes_(spec_.conditions, evaluator, resource) {}

    const GroupAggregateSpec& spec() const noexcept { return spec_; }

    // The rows that the aggregate's filter leaves; they stay until the next call.
    const Selection& filtered(Batch& batch, const Selection& selection) {
        if (spec_.filter == nullptr)
            return selection;
        selection_ = selection;
        evaluator_.filter(*spec_.filter, batch, selection_);
        return selection_;
    }
    // The conditions that each selected row meets; a NULL condition is not met.
    const uint32_t* conditions(Batch& batch, const Selection& selection) {
        if (codes_.read(batch, selection, met_.data()))
            return met_.data();
        met_.fill(0);
        for (uint32_t i = 0; i < spec_.conditions.size(); ++i)
            addCondition(i, evaluator_.evaluate(*spec_.conditions[i], batch, selection), selection);
        return met_.data();
    }
    const Block& evaluate(const scan::Expression& expression, Batch& batch,
                          const Selection& selection) {
        return evaluator_.evaluate(expression, batch, selection);
    }
    // Calls body(row, time) for the selected rows whose time is not NULL.
    template <class Body>
    void forTimes(Batch& batch, const Selection& selection, Body&& body) {
        const Block& block = evaluator_.evaluate(*spec_.time, batch, selection);
        const auto times = scan::load<int64_t>(block, selection, scratch_);
        scan::RowBits nulls{};
        if (scan::addNulls(block, batch.rows(), nulls.data())) {
            scan::forSelected(selection, [&](uint32_t row) {
                if (!scan::testBit(nulls.data(), row))
                    body(row, times[row]);
            });
        } else {
            scan::forSelected(selection, [&](uint32_t row) { body(row, times[row]); });
        }
    }

  private:
    void addCondition(uint32_t index, const Block& block, const Selection& selection) {
        uint32_t* __restrict met = met_.data();
        const uint32_t bit = uint32_t{1} << index;
        if (block.shape == Block::Shape::Flat && block.values.nullCount() == 0) {
            const uint8_t* __restrict truth = block.values.values<uint8_t>();
            scan::forRows(selection, block.rows, [&](uint32_t row) {
                met[row] |= static_cast<uint32_t>(truth[row] != 0) << index;
            });
            return;
        }
        scan::forSelected(selection, [&](uint32_t row) {
            if (!block.isNull(row) && block.holder().integerAt(block.holderRow(row)) != 0)
                met[row] |= bit;
        });
    }

    GroupAggregateSpec spec_;
    scan::Evaluator& evaluator_;
    base::Buffer scratch_;
    Selection selection_;
    ConditionCodes codes_;
    std::array<uint32_t, kBatchRows> met_;
};

// ---------------------------------------------------------------- funnels

class FunnelAggregate final : public GroupAggregate {
  public:
    FunnelAggregate(const GroupAggregateSpec& spec, scan::Evaluator& evaluator, size_t limit,
                    std::pmr::memory_resource* resource)
        : reader_(spec, evaluator, resource), events_(limit, resource) {
        shape_.window = spec.window;
        shape_.conditions = static_cast<uint32_t>(spec.conditions.size());
        shape_.modes = spec.modes;
        withTimes_ = spec.function == GroupFunction::FunnelTimes;
    }

    void consume(Batch& batch, const Selection& selection, RowGroups& rowGroups) override {
        const Selection& rows = reader_.filtered(batch, selection);
        if (rows.empty())
            return;
        const uint32_t* groups = rowGroups.ofRows();
        if (!checked_)
            checkFunnelShape(shape_);
        checked_ = true;
        const uint32_t* met = reader_.conditions(batch, rows);
        const bool all = shape_.modes.strictOrder;
        reader_.forTimes(batch, rows, [&](uint32_t row, int64_t time) {
            if (met[row] != 0 || all)
                events_.append(groups[row], {time, met[row]});
        });
    }
    void finish(uint32_t groups) override { events_.sort(groups); }
    GroupResult result(uint32_t group) override {
        matcher_.emplace(shape_, withTimes_);  // large, so made where it stays
        matcher_->addAll(events_.of(group));
        GroupResult result;
        result.null = matcher_->customerExcluded();
        result.integer = matcher_->level();
        if (withTimes_)
            result.times = matcher_->times();
        return result;
    }
    void restart() override { events_.clear(); }

  private:
    RowReader reader_;
    FunnelShape shape_;
    bool withTimes_ = false;
    bool checked_ = false;
    GroupEvents<StepEvent> events_;
    std::optional<FunnelMatcher> matcher_;
};

// ---------------------------------------------------------------- retention

class RetentionAggregate final : public GroupAggregate {
  public:
    RetentionAggregate(const GroupAggregateSpec& spec, scan::Evaluator& evaluator,
                       std::pmr::memory_resource* resource)
        : reader_(spec, evaluator, resource),
          conditions_(static_cast<uint32_t>(spec.conditions.size())),
          words_(resource) {}

    void consume(Batch& batch, const Selection& selection, RowGroups& rowGroups) override {
        const Selection& rows = reader_.filtered(batch, selection);
        if (rows.empty())
            return;
        const uint32_t* groups = rowGroups.ofRows();
        const uint32_t* met = reader_.conditions(batch, rows);
        scan::forSelected(rows, [&](uint32_t row) {
            const uint32_t group = groups[row];
            if (group >= words_.size())
                words_.resize(size_t{group} + 1, 0);
            words_[group] |= Retention(conditions_, met[row]).word();
        });
    }
    void finish(uint32_t groups) override { words_.resize(groups, 0); }
    GroupResult result(uint32_t group) override {
        GroupResult result;
        result.null = words_[group] == 0;
        result.conditions = conditions_;
        result.integer = Retention(words_[group]).retained();
        return result;
    }
    void restart() override { words_.clear(); }

  private:
    RowReader reader_;
    uint32_t conditions_;
    std::pmr::vector<uint64_t> words_;  // 0: no row
};

// ---------------------------------------------------------------- sequences

class SequenceAggregate final : public GroupAggregate {
  public:
    SequenceAggregate(const GroupAggregateSpec& spec, scan::Evaluator& evaluator, size_t limit,
                      std::pmr::memory_resource* resource)
        : reader_(spec, evaluator, resource), shape_(resource), events_(limit, resource) {}

    void consume(Batch& batch, const Selection& selection, RowGroups& rowGroups) override {
        const Selection& rows = reader_.filtered(batch, selection);
        if (rows.empty())
            return;
        const uint32_t* groups = rowGroups.ofRows();
        shape_.set(reader_.spec().pattern, static_cast<uint32_t>(reader_.spec().conditions.size()));
        const uint32_t* met = reader_.conditions(batch, rows);
        reader_.forTimes(batch, rows, [&](uint32_t row, int64_t time) {
            if (met[row] != 0)
                events_.append(groups[row], {time, met[row]});
        });
    }
    void finish(uint32_t groups) override { events_.sort(groups); }
    GroupResult result(uint32_t group) override {
        GroupResult result;
        const bool match = reader_.spec().function == GroupFunction::SequenceMatch;
        if (shape_.conditions() != 0) {
            result.integer = static_cast<int64_t>(
                countMatches(shape_.pattern(), events_.of(group), match ? 1 : UINT64_MAX));
        }
        return result;
    }
    void restart() override { events_.clear(); }

  private:
    RowReader reader_;
    SequenceShape shape_;
    GroupEvents<StepEvent> events_;
};

// Events with a text, for sequence_next and path_agg.
class TextCollector {
  public:
    TextCollector(size_t limit, std::pmr::memory_resource* resource)
        : resource_(resource), limit_(limit), events_(limit, resource), byCode_(resource) {
        pool_.emplace(resource);
    }

    // What the row holds, or nullptr.
    const PooledText* textOf(const Block& block, uint32_t row) {
        if (block.isNull(row))
            return nullptr;
        if (block.shape != Block::Shape::Dictionary)
            return pool_->intern(block.holder().bytesAt(block.holderRow(row)), limit_);
        if (block.dictionaryId != dictionaryId_) {
            dictionaryId_ = block.dictionaryId;
            byCode_.clear();
        }
        const uint32_t code = block.codes[row];
        if (code >= byCode_.size())
            byCode_.resize(block.dictionary->size(), nullptr);
        if (byCode_[code] == nullptr)
            byCode_[code] = pool_->intern(block.dictionary->bytesAt(code), limit_);
        return byCode_[code];
    }
    GroupEvents<TextEvent>& events() noexcept { return events_; }
    void clear() {
        events_.clear();
        byCode_.clear();
        dictionaryId_ = 0;
        pool_.emplace(resource_);
    }

  private:
    std::pmr::memory_resource* resource_;
    size_t limit_;
    std::optional<TextPool> pool_;
    GroupEvents<TextEvent> events_;
    uint64_t dictionaryId_ = 0;
    std::pmr::vector<const PooledText*> byCode_;
};

class SequenceNextAggregate final : public GroupAggregate {
  public:
    SequenceNextAggregate(const GroupAggregateSpec& spec, scan::Evaluator& evaluator, size_t limit,
                          std::pmr::memory_resource* resource)
        : reader_(spec, evaluator, resource), shape_(resource), texts_(limit, resource) {}

    void consume(Batch& batch, const Selection& selection, RowGroups& rowGroups) override {
        const Selection& rows = reader_.filtered(batch, selection);
        if (rows.empty())
            return;
        const uint32_t* groups = rowGroups.ofRows();
        shape_.set(reader_.spec().pattern, static_cast<uint32_t>(reader_.spec().conditions.size()));
        const uint32_t* met = reader_.conditions(batch, rows);
        const Block& text = reader_.evaluate(*reader_.spec().text, batch, rows);
        reader_.forTimes(batch, rows, [&](uint32_t row, int64_t time) {
            texts_.events().append(groups[row], {time, texts_.textOf(text, row), met[row]});
        });
    }
    void finish(uint32_t groups) override { texts_.events().sort(groups); }
    GroupResult result(uint32_t group) override {
        GroupResult result;
        const PooledText* next = nullptr;
        if (shape_.conditions() != 0)
            next = textAfterMatch(shape_.pattern(), texts_.events().of(group));
        result.null = next == nullptr;
        if (next != nullptr)
            result.bytes = next->view();
        return result;
    }
    void restart() override { texts_.clear(); }

  private:
    RowReader reader_;
    SequenceShape shape_;
    TextCollector texts_;
};

// ---------------------------------------------------------------- paths, sessions, periods

class PathAggregate final : public GroupAggregate {
  public:
    PathAggregate(const GroupAggregateSpec& spec, scan::Evaluator& evaluator, size_t limit,
                  std::pmr::memory_resource* resource)
        : reader_(spec, evaluator, resource), texts_(limit, resource) {}

    void consume(Batch& batch, const Selection& selection, RowGroups& rowGroups) override {
        const Selection& rows = reader_.filtered(batch, selection);
        if (rows.empty())
            return;
        const uint32_t* groups = rowGroups.ofRows();
        checkPathLength(reader_.spec().length);
        // What cannot be in a path any more is forgotten, so that memory follows the length.
        if (texts_.events().size() + rows.count() > keepAt_) {
            texts_.events().keepFirst(static_cast<size_t>(reader_.spec().length));
            keepAt_ = std::max(keepFirstAt(),
                               std::min(texts_.events().size() * 2, texts_.events().most()));
        }
        const Block& text = reader_.evaluate(*reader_.spec().text, batch, rows);
        reader_.forTimes(batch, rows, [&](uint32_t row, int64_t time) {
            if (const PooledText* event = texts_.textOf(text, row))
                texts_.events().append(groups[row], {time, event, 0});
        });
    }
    void finish(uint32_t groups) override { texts_.events().sort(groups); }
    GroupResult result(uint32_t group) override {
        GroupResult result;
        result.path = texts_.events().of(group);
        const auto length = static_cast<size_t>(std::max<int64_t>(reader_.spec().length, 0));
        if (result.path.size() > length)
            result.path = result.path.first(length);
        return result;
    }
    void restart() override {
        texts_.clear();
        keepAt_ = keepFirstAt();
    }

  private:
    static constexpr size_t kKeepAt = size_t{1} << 16;

    size_t keepFirstAt() { return std::min(kKeepAt, texts_.events().most()); }

    RowReader reader_;
    TextCollector texts_;
    size_t keepAt_ = keepFirstAt();
};

class SessionAggregate final : public GroupAggregate {
  public:
    SessionAggregate(const GroupAggregateSpec& spec, scan::Evaluator& evaluator, size_t limit,
                     std::pmr::memory_resource* resource)
        : reader_(spec, evaluator, resource), times_(limit, resource) {}

    void consume(Batch& batch, const Selection& selection, RowGroups& rowGroups) override {
        const Selection& rows = reader_.filtered(batch, selection);
        if (rows.empty())
            return;
        const uint32_t* groups = rowGroups.ofRows();
        reader_.forTimes(batch, rows,
                         [&](uint32_t row, int64_t time) { times_.append(groups[row], time); });
    }
    void finish(uint32_t groups) override { times_.sort(groups); }
    GroupResult result(uint32_t group) override {
        GroupResult result;
        result.sessions = summarise(times_.of(group), reader_.spec().gap);
        return result;
    }
    void restart() override { times_.clear(); }

  private:
    RowReader reader_;
    GroupEvents<int64_t> times_;
};

class PeriodAggregate final : public GroupAggregate {
  public:
    PeriodAggregate(const GroupAggregateSpec& spec, scan::Evaluator& evaluator, size_t limit,
                    std::pmr::memory_resource* resource)
        : reader_(spec, evaluator, resource), periods_(limit, resource), codes_(resource) {}

    void consume(Batch& batch, const Selection& selection, RowGroups& rowGroups) override {
        const Selection& rows = reader_.filtered(batch, selection);
        if (rows.empty())
            return;
        const Block& block = reader_.evaluate(*reader_.spec().period, batch, rows);
        // Where an aggregate's own filter leaves rows out, runs may have none left.
        if (block.shape == Block::Shape::Constant && reader_.spec().filter == nullptr &&
            !rowGroups.ofRuns().empty()) {
            return addAll(block, rowGroups.ofRuns());
        }
        const uint32_t* groups = rowGroups.ofRows();
        if (block.shape == Block::Shape::Dictionary) {
            // Few periods occur; most rows are in one that their group has already.
            const uint32_t* __restrict codes = block.codes.data();
            const int32_t* __restrict entries = block.dictionary->values<int32_t>();
            const uint32_t known = block.dictionary->size();
            scan::forSelected(rows, [&](uint32_t row) {
                if (codes[row] < known)
                    periods_.add(groups[row], entries[codes[row]]);
            });
            return;
        }
        scan::forSelected(rows, [&](uint32_t row) {
            if (!block.isNull(row)) {
                periods_.add(groups[row],
                             static_cast<int32_t>(block.holder().integerAt(block.holderRow(row))));
            }
        });
    }
    void finish(uint32_t) override {}
    GroupResult result(uint32_t group) override {
        GroupResult result;
        result.bits = periods_.bits(group);
        result.null = result.bits == 0;
        result.bytes = periods_.bytes(group);
        return result;
    }
    bool resultCodes(uint32_t first, uint32_t count, uint32_t* codes) override {
        if (!periods_.fitsWords())
            return false;
        uint64_t last = 0;
        uint32_t code = vector::kNullCode;
        for (uint32_t i = 0; i < count; ++i) {
            const uint64_t word = periods_.word(first + i);
            if (word != last) {
                last = word;
                code = word == 0 ? vector::kNullCode : codes_.of(word);
                if (word != 0 && code == PatternCodes::kNone)
                    return false;
            }
            codes[i] = code;
        }
        return true;
    }
    uint32_t codes() const override { return codes_.size(); }
    GroupResult resultOfCode(uint32_t code) override {
        GroupResult result;
        result.bits = ActivePeriods::bitsOf(codes_.word(code));
        result.bytes = periods_.bytesOf(codes_.word(code));
        return result;
    }
    void restart() override { periods_.clear(); }

  private:
    // One period for all rows.
    void addAll(const Block& block, std::span<const uint32_t> groups) {
        if (block.values.isNull(0))
            return;
        const auto period = static_cast<int32_t>(block.values.integerAt(0));
        for (const uint32_t group : groups)
            periods_.add(group, period);
    }

    RowReader reader_;
    ActivePeriods periods_;
    PatternCodes codes_;
};

template <class T, class... Arguments>
GroupAggregate* makeIn(std::pmr::memory_resource* resource, Arguments&&... arguments) {
    return new (resource->allocate(sizeof(T), alignof(T))) T(std::forward<Arguments>(arguments)...);
}

}  // namespace

GroupAggregate* makeGroupAggregate(const GroupAggregateSpec& spec, scan::Evaluator& evaluator,
                                   size_t limit, std::pmr::memory_resource* resource) {
    switch (spec.function) {
        case GroupFunction::Funnel:
        case GroupFunction::FunnelTimes:
            return makeIn<FunnelAggregate>(resource, spec, evaluator, limit, resource);
        case GroupFunction::Retention:
            return makeIn<RetentionAggregate>(resource, spec, evaluator, resource);
        case GroupFunction::SequenceMatch:
        case GroupFunction::SequenceCount:
            return makeIn<SequenceAggregate>(resource, spec, evaluator, limit, resource);
        case GroupFunction::SequenceNext:
            return makeIn<SequenceNextAggregate>(resource, spec, evaluator, limit, resource);
        case GroupFunction::Sessions:
            return makeIn<SessionAggregate>(resource, spec, evaluator, limit, resource);
        case GroupFunction::Path:
            return makeIn<PathAggregate>(resource, spec, evaluator, limit, resource);
        case GroupFunction::ActivePeriods:
            break;
    }
    return makeIn<PeriodAggregate>(resource, spec, evaluator, limit, resource);
}

}  // namespace footfall::behavior
