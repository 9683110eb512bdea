#include "engine/aggregate/aggregation.h"

#include <algorithm>
#include <limits>
#include <new>
#include <optional>

#include "engine/aggregate/accumulate.h"
#include "engine/aggregate/counting_resource.h"
#include "engine/aggregate/spill.h"
#include "engine/aggregate/state_format.h"
#include "engine/scan/operands.h"
#include "engine/scan/range_error.h"

namespace footfall::aggregate {

using scan::Batch;
using scan::kBatchRows;
using scan::Selection;
using vector::Block;

struct Aggregation::Impl {
    Impl(const AggregationSpec& spec, scan::Evaluator* given, SpillSource* source, size_t limit,
         std::pmr::memory_resource* resource)
        : upstream(resource),
          memory(resource),
          evaluator(given),
          memoryLimit(limit),
          layout(spec, &memory),
          filters(spec.filters.begin(), spec.filters.end(), &memory),
          keys(spec.keys.begin(), spec.keys.end(), &memory),
          keyBlocks(&memory),
          arguments(layout.fields.size(), nullptr, &memory),
          rowGroups(&memory),
          groupOfRuns(kBatchRows, 0, &memory),
          words(kBatchRows, 0, &memory),
          scratch(&memory),
          rooms(&memory) {
        if (source != nullptr)
            spill.emplace(*source, &memory);
        store.emplace(layout, &memory);
    }

    void consume(Batch& batch, Selection& selection);
    void findGroups(Batch& batch, const Selection& selection);
    bool findGroupsByRuns(Batch& batch, const Selection& selection);
    void take(size_t field, Batch& batch, const Grouping& all);
    const Block& argumentOf(size_t field, Batch& batch, const Selection& selection);
    void keepNew(size_t field, const Block& argument, const uint32_t* groups, Selection& valid);
    bool outgrown() const noexcept {
        return spill.has_value() && memory.held() > memoryLimit && store->groups() > 1;
    }
    void spillStore();
    bool nextLot();

    std::pmr::memory_resource* upstream;
    CountingResource memory;
    scan::Evaluator* evaluator;
    size_t memoryLimit;
    Layout layout;
    std::pmr::vector<const scan::Expression*> filters;
    std::pmr::vector<const scan::Expression*> keys;
    std::pmr::vector<const Block*> keyBlocks;
    std::pmr::vector<const Block*> arguments;  // of the batch, by field; null where not shared
    RowGroups rowGroups;
    std::pmr::vector<uint32_t> groupOfRuns;  // by run of the key
    std::pmr::vector<uint64_t> words;
    Scratch scratch;
    std::pmr::vector<size_t> rooms;  // of DISTINCT sets, by field, before a restart
    std::optional<Store> store;
    std::optional<Spill> spill;
    bool spilled = false;
    bool finished = false;
    bool lotTaken = false;  // the only one, where nothing was spilled
    // nextState
    std::optional<StateWriter> writer;
    uint32_t written = 0;
};

// ---------------------------------------------------------------- rows in

void Aggregation::Impl::consume(Batch& batch, Selection& selection) {
    evaluator->filterAll(filters, batch, selection);
    if (selection.empty())
        return;
    const uint32_t* groups = nullptr;
    if (!keys.empty()) {
        findGroups(batch, selection);
        store->makeStates();
        if (!layout.fields.empty())
            groups = rowGroups.ofRows();
    }
    const Grouping all(groups, selection);
    for (size_t i = 0; i < layout.fields.size(); ++i)
        take(i, batch, all);
    if (outgrown())
        spillStore();
}

void Aggregation::Impl::findGroups(Batch& batch, const Selection& selection) {
    if (findGroupsByRuns(batch, selection))
        return;
    keyBlocks.clear();
    for (const scan::Expression* key : keys)
        keyBlocks.push_back(&evaluator->evaluate(*key, batch, selection));
    store->table().find(keyBlocks, selection, rowGroups.rows());
}

// A key that is a column stored as runs is looked for once a run, and never has rows.
bool Aggregation::Impl::findGroupsByRuns(Batch& batch, const Selection& selection) {
    if (keys.size() != 1 || keys[0]->op != scan::Operator::Column)
        return false;
    const vector::Runs* runs = batch.runs(keys[0]->index);
    if (runs == nullptr)
        return false;
    const uint16_t* ends = runs->ends.data();
    const uint32_t last = selection[selection.count() - 1];
    Selection used;  // the runs that selected rows are in
    uint32_t run = 0;
    if (selection.all()) {
        while (ends[run] <= last)
            ++run;
        used.selectAll(run + 1);
    } else {
        uint16_t* room = used.room();
        uint32_t count = 0;
        for (uint32_t next = 0;
             const uint16_t row : std::span(selection.rows(), selection.count())) {
            if (row < next)
                continue;
            while (ends[run] <= row)
                ++run;
            next = ends[run];
            room[count++] = static_cast<uint16_t>(run);
        }
        used.assign(count);
    }
    keyBlocks.assign(1, &runs->values);
    store->table().find(keyBlocks, used, groupOfRuns.data());
    rowGroups.startRuns();
    scan::forSelected(used, [&](uint32_t of) {
        rowGroups.addRun(of == 0 ? 0 : ends[of - 1], ends[of], groupOfRuns[of]);
    });
    return true;
}

// Aggregates without a filter that share an argument evaluate it once.
const Block& Aggregation::Impl::argumentOf(size_t index, Batch& batch, const Selection& selection) {
    const AggregateSpec& spec = layout.fields[index].spec;
    arguments[index] = nullptr;
    if (spec.filter != nullptr)
        return evaluator->evaluate(*spec.argument, batch, selection);
    for (size_t i = 0; i < index; ++i) {
        if (arguments[i] != nullptr && layout.fields[i].spec.argument == spec.argument)
            return *arguments[i];
    }
    arguments[index] = &evaluator->evaluate(*spec.argument, batch, selection);
    return *arguments[index];
}

// What one aggregate makes of the batch.
void Aggregation::Impl::take(size_t index, Batch& batch, const Grouping& all) {
    const Field& field = layout.fields[index];
    const AggregateSpec& spec = field.spec;
    // A selection of its own for the aggregate that does not take all rows.
    std::optional<Selection> own;
    if (spec.filter != nullptr) {
        own = all.selection();
        evaluator->filter(*spec.filter, batch, *own);
        if (own->empty())
            return;
    }
    const Block* argument = nullptr;
    const Block* second = nullptr;
    if (spec.function != Function::CountRows) {
        const Selection& selection = own.has_value() ? *own : all.selection();
        argument = &argumentOf(index, batch, selection);
        if (spec.function == Function::Regression)
            second = &evaluator->evaluate(*spec.second, batch, selection);
        scan::RowBits nulls{};
        bool any = scan::addNulls(*argument, batch.rows(), nulls.data());
        any |= second != nullptr && scan::addNulls(*second, batch.rows(), nulls.data());
        if (any || spec.distinct) {
            if (!own.has_value())
                own = all.selection();
            if (any)
                scan::keepBits(nulls, false, *own);
            if (spec.distinct && !own->empty())
                keepNew(index, *argument, all.groups(), *own);
            if (own->empty())
                return;
        }
    }
    if (own.has_value())
        accumulate(*store, field, argument, second, Grouping(all.groups(), *own), scratch);
    else
        accumulate(*store, field, argument, second, all, scratch);
}

// Leaves the rows whose values are new to their groups.
void Aggregation::Impl::keepNew(size_t field, const Block& argument, const uint32_t* groups,
                                Selection& valid) {
    Distinct& distinct = *store->distinct(field);
    bool masked = false;
    const uint64_t* values =
        distinct.values.words(argument, valid, words.data(), nullptr, 0, masked);
    const uint32_t count = valid.count();
    const uint16_t* rows = valid.rows();
    uint16_t* out = valid.room();
    // Rows like the row before fall out first, without a branch to be mispredicted.
    uint32_t changes = 1;
    uint64_t last = values[rows[0]];
    if (groups == nullptr) {
        for (uint32_t i = 1; i < count; ++i) {
            const uint16_t row = rows[i];
            out[changes] = row;
            changes += static_cast<uint32_t>(values[row] != last);
            last = values[row];
        }
    } else {
        uint32_t lastGroup = groups[rows[0]];
        for (uint32_t i = 1; i < count; ++i) {
            const uint16_t row = rows[i];
            out[changes] = row;
            changes += static_cast<uint32_t>(values[row] != last) |
                       static_cast<uint32_t>(groups[row] != lastGroup);
            last = values[row];
            lastGroup = groups[row];
        }
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < changes; ++i) {
        const uint16_t row = out[i];
        out[kept] = row;
        kept += static_cast<uint32_t>(
            distinct.set.insert(groups == nullptr ? 0 : groups[row], values[row]));
    }
    if (kept != count)
        valid.assign(kept);
}

// ---------------------------------------------------------------- lots of groups out

void Aggregation::Impl::spillStore() {
    spill->write(*store);
    spilled = true;
    store.reset();
    store.emplace(layout, &memory);
}

bool Aggregation::Impl::nextLot() {
    writer.reset();
    written = 0;
    if (!spilled) {
        const bool first = !lotTaken;
        lotTaken = true;
        return first && store->groups() != 0;
    }
    while (true) {
        store.reset();
        store.emplace(layout, &memory);
        if (!spill->open())
            return false;
        base::Buffer record(&memory);
        bool deeper = false;
        while (spill->read(record)) {
            readStates({record.data(), record.size()}, *store);
            if (outgrown() && spill->mayDeepen()) {
                spillStore();
                deeper = true;
            }
        }
        if (!deeper)
            return true;
        spillStore();
        spill->endLevel();
    }
}

Aggregation::Aggregation(const AggregationSpec& spec, scan::Evaluator* evaluator,
                         SpillSource* spill, size_t memoryLimit,
                         std::pmr::memory_resource* resource)
    : impl_(nullptr) {
    void* at = resource->allocate(sizeof(Impl), alignof(Impl));
    try {
        impl_ = new (at) Impl(spec, evaluator, spill, memoryLimit, resource);
    } catch (...) {
        resource->deallocate(at, sizeof(Impl), alignof(Impl));
        throw;
    }
}

Aggregation::~Aggregation() {
    std::pmr::memory_resource* upstream = impl_->upstream;
    impl_->~Impl();
    upstream->deallocate(impl_, sizeof(Impl), alignof(Impl));
}

void Aggregation::consume(Batch& batch, Selection& selection) {
    impl_->consume(batch, selection);
}

RowGroups& Aggregation::rowGroups() noexcept {
    return impl_->rowGroups;
}

void Aggregation::restart() {
    // The next groups are much like the last ones.
    const size_t fields = impl_->layout.fields.size();
    impl_->rooms.assign(fields, 0);
    for (size_t i = 0; impl_->store.has_value() && i < fields; ++i) {
        if (const Distinct* distinct = impl_->store->distinct(i))
            impl_->rooms[i] = distinct->set.room();
    }
    impl_->store.reset();
    impl_->store.emplace(impl_->layout, &impl_->memory);
    for (size_t i = 0; i < fields; ++i) {
        if (impl_->rooms[i] != 0)
            impl_->store->distinct(i)->set.expect(impl_->rooms[i]);
    }
    impl_->finished = false;
    impl_->lotTaken = false;
}

void Aggregation::merge(std::span<const std::byte> state) {
    readStates(state, *impl_->store);
    if (impl_->outgrown())
        impl_->spillStore();
}

size_t Aggregation::memoryBytes() const noexcept {
    return impl_->memory.held();
}

uint32_t Aggregation::spilledFiles() const noexcept {
    return impl_->spill.has_value() ? impl_->spill->files() : 0;
}

void Aggregation::finish() {
    if (impl_->finished)
        return;
    impl_->finished = true;
    if (impl_->spilled) {
        impl_->spillStore();
        impl_->spill->endLevel();
    }
}

bool Aggregation::nextGroups() {
    return impl_->nextLot();
}

uint32_t Aggregation::groups() const noexcept {
    return impl_->store->groups();
}

Value Aggregation::key(uint32_t group, uint32_t key) const {
    return impl_->store->table().key(group, key);
}

bool Aggregation::nextState(base::Buffer& out, size_t recordBytes) {
    finish();
    Impl& impl = *impl_;
    while (!impl.writer.has_value() || impl.written == impl.store->groups()) {
        if (!impl.nextLot())
            return false;
        impl.writer.emplace(*impl.store, &impl.memory);
    }
    base::ByteWriter groups;
    uint32_t count = 0;
    while (impl.written < impl.store->groups() && groups.size() < recordBytes) {
        impl.writer->writeGroup(groups, impl.written++);
        ++count;
    }
    base::ByteWriter header;
    impl.writer->writeHeader(header, count);
    out.clear();
    out.append(header.bytes().data(), header.size());
    out.append(groups.bytes().data(), groups.size());
    return true;
}

// ---------------------------------------------------------------- results

Result Aggregation::result(uint32_t group, uint32_t aggregate) const {
    const Store& store = *impl_->store;
    const Field& field = impl_->layout.fields[aggregate];
    Result result;
    switch (field.form) {
        case Form::Count:
            result.integer = result.count = store.state<CountState>(group, field).count;
            return result;
        case Form::IntegerSum: {
            const auto& state = store.state<IntegerSumState>(group, field);
            result.count = state.count;
            result.integer = state.sum;
            result.sum = state.sum;
            break;
        }
        case Form::WideSum: {
            const auto& state = store.state<WideSumState>(group, field);
            result.count = state.count;
            result.sum = state.sum.value();
            break;
        }
        case Form::FloatSum: {
            const auto& state = store.state<FloatSumState>(group, field);
            result.count = state.count;
            if (state.count == 0)
                break;
            result.real = state.value();
            if (field.spec.function == Function::Average) {
                result.real /= static_cast<double>(state.count);
            } else if (field.spec.argument->type.kind == vector::Kind::Float32) {
                const auto narrow = static_cast<float>(result.real);
                if (std::isinf(narrow) && !state.notFinite())
                    scan::throwOverflow();
                result.real = static_cast<double>(narrow);
            }
            break;
        }
        case Form::IntegerMin:
        case Form::IntegerMax: {
            const auto& state = store.state<IntegerBoundState>(group, field);
            result.count = state.count;
            result.integer = state.value;
            break;
        }
        case Form::FloatMin:
        case Form::FloatMax: {
            const auto& state = store.state<FloatBoundState>(group, field);
            result.count = state.count;
            result.real = state.value;
            break;
        }
        case Form::BytesMin:
        case Form::BytesMax: {
            const auto& state = store.state<BytesBoundState>(group, field);
            result.count = state.count;
            result.bytes = {state.data, state.size};
            break;
        }
        case Form::IntegerVariance: {
            const auto& state = store.state<IntegerVarianceState>(group, field);
            result.count = state.count;
            result.sum = state.sum.value();
            result.sumOfSquares = state.squares.value();
            return result;
        }
        case Form::FloatVariance: {
            const auto& state = store.state<FloatVarianceState>(group, field);
            result.count = state.count;
            result.moments[0] = state.sum;
            result.moments[1] = state.squares;
            return result;
        }
        case Form::Regression: {
            const auto& state = store.state<RegressionState>(group, field);
            result.count = state.count;
            const double moments[] = {state.sx, state.sxx, state.sy, state.syy, state.sxy};
            std::copy(std::begin(moments), std::end(moments), result.moments);
            return result;
        }
    }
    result.null = result.count == 0;
    return result;
}

}  // namespace footfall::aggregate
