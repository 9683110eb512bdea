#include "engine/encoding/run_expansion.h"

#include <algorithm>

namespace footfall::encoding {

// Runs up to this length are written without asking how long they are.
static constexpr uint32_t kShortRun = 8;

namespace {

template <class T>
void fillFixed(const vector::Column& values, std::span<const uint32_t> ends, uint32_t first,
               uint32_t count, vector::Column& out) {
    const T* from = values.values<T>();
    T* to = reinterpret_cast<T*>(out.extendFixed(count));
    uint32_t row = first;
    for (size_t run = 0; run < ends.size(); ++run) {
        const uint32_t end = std::min(ends[run], first + count);
        std::fill(to + (row - first), to + (end - first), from[run]);
        row = end;
    }
}

}  // namespace

void RunExpansion::append(uint32_t first, uint32_t count, vector::Column& out) {
    while (count > 0) {
        const uint32_t part = std::min(count, kBatchRows);
        const uint32_t from = ends_->runOf(first);
        const uint32_t to = ends_->runOf(first + part - 1) + 1;
        batch_.clear();
        values_->append(from, to - from, batch_);
        const std::span ends(ends_->endsFrom(from), to - from);
        const vector::ColumnType type = batch_.type();
        if (batch_.nullCount() == 0 && !type.isBytes() && type.width == 8) {
            fillFixed<uint64_t>(batch_, ends, first, part, out);
        } else if (batch_.nullCount() == 0 && !type.isBytes() && type.width == 4) {
            fillFixed<uint32_t>(batch_, ends, first, part, out);
        } else if (batch_.nullCount() == 0 && !type.isBytes() && type.width == 2) {
            fillFixed<uint16_t>(batch_, ends, first, part, out);
        } else if (batch_.nullCount() == 0 && !type.isBytes() && type.width == 1) {
            fillFixed<uint8_t>(batch_, ends, first, part, out);
        } else {
            uint32_t row = first;
            for (uint32_t run = 0; run < to - from; ++run) {
                const uint32_t end = std::min(ends[run], first + part);
                for (; row < end; ++row)
                    out.appendFrom(batch_, run);
            }
        }
        first += part;
        count -= part;
    }
}

void RunExpansion::codes(uint32_t first, uint32_t count, uint32_t* out) {
    uint32_t batch[kBatchRows];
    while (count > 0) {
        const uint32_t part = std::min(count, kBatchRows);
        const uint32_t from = ends_->runOf(first);
        const uint32_t to = ends_->runOf(first + part - 1) + 1;
        values_->codes(from, to - from, batch);
        uint32_t row = first;
        for (uint32_t run = from; run < to; ++run) {
            const uint32_t end = std::min(ends_->end(run), first + part);
            const uint32_t code = batch[run - from];
            uint32_t* at = out + (row - first);
            if (row + kShortRun <= first + part) {
                // What this writes beyond a shorter run the next ones overwrite.
                for (uint32_t i = 0; i < kShortRun; ++i)
                    at[i] = code;
                if (end > row + kShortRun)
                    std::fill(at + kShortRun, out + (end - first), code);
            } else {
                std::fill(at, out + (end - first), code);
            }
            row = end;
        }
        out += part;
        first += part;
        count -= part;
    }
}

void RunExpansion::runsAt(uint32_t first, std::span<const uint16_t> positions, uint32_t* runs) {
    uint32_t run = ends_->runOf(first + positions.front());
    ends_->require((first + positions.back()) / kBatchRows);
    uint32_t end = ends_->end(run);
    for (size_t i = 0; i < positions.size(); ++i) {
        const uint32_t row = first + positions[i];
        while (end <= row)
            end = ends_->end(++run);
        runs[i] = run;
    }
}

void RunExpansion::codesAt(uint32_t first, std::span<const uint16_t> positions, uint32_t* out) {
    runsAt(first, positions, out);
    const uint32_t from = out[0];
    const uint32_t runs = out[positions.size() - 1] - from + 1;
    uint32_t batch[kBatchRows];
    values_->codes(from, runs, batch);
    for (size_t i = 0; i < positions.size(); ++i)
        out[i] = batch[out[i] - from];
}

void RunExpansion::readRows(uint32_t first, uint32_t count, std::span<const uint16_t> positions,
                            vector::Block& out) {
    const vector::ColumnType type = values_->type();
    const auto wanted = static_cast<uint32_t>(positions.size());
    uint32_t found[kBatchRows];
    if (values_->hasDictionary()) {
        if (!values_->prefersCodes(wanted) || ends_->end(ends_->runOf(first)) >= first + count)
            return read(first, count, out);
        codesAt(first, positions, found);
        return scatterCodes(found, count, positions, values_->dictionary(), values_->dictionaryId(),
                            out);
    }
    batch_.clear();
    if (!scatters(batch_) || ends_->end(ends_->runOf(first)) >= first + count)
        return read(first, count, out);
    runsAt(first, positions, found);
    const uint32_t from = found[0];
    values_->append(from, found[wanted - 1] - from + 1, batch_);
    if (!scatters(batch_))
        return read(first, count, out);
    for (uint32_t i = 0; i < wanted; ++i)
        found[i] -= from;
    scatterFixed(batch_, {found, wanted}, positions, makeFlat(type, count, out));
}

bool RunExpansion::readRuns(uint32_t first, uint32_t count, vector::Runs& out) {
    constexpr uint32_t kShortest = 4;
    const uint32_t from = ends_->runOf(first);
    const uint32_t to = ends_->runOf(first + count - 1) + 1;
    const uint32_t runs = to - from;
    if (runs * kShortest > count)
        return false;
    out.ends.resize(runs);
    for (uint32_t run = 0; run < runs; ++run)
        out.ends[run] = static_cast<uint16_t>(std::min(ends_->end(from + run) - first, count));
    values_->read(from, runs, out.values);
    return true;
}

void RunExpansion::read(uint32_t first, uint32_t count, vector::Block& out) {
    out.rows = count;
    if (count != 0 && ends_->end(ends_->runOf(first)) >= first + count) {
        out.shape = vector::Block::Shape::Constant;
        out.values.reset(values_->type());
        values_->append(ends_->runOf(first), 1, out.values);
    } else if (values_->hasDictionary() && values_->prefersCodes(count)) {
        out.shape = vector::Block::Shape::Dictionary;
        out.codes.resize(count);
        codes(first, count, out.codes.data());
        out.dictionary = &values_->dictionary();
        out.dictionaryId = values_->dictionaryId();
    } else {
        out.shape = vector::Block::Shape::Flat;
        out.values.reset(values_->type());
        append(first, count, out.values);
    }
}

}  // namespace footfall::encoding
