// See scan_filter.h.
#include "extension/storage/scan_filter.h"

#include "extension/pg/guard.h"
#include "extension/storage/sealed_segment.h"

namespace footfall::storage {

namespace {

// What a row that matches has in between; both ends belong to it, a null pointer is an open one.
struct Ends {
    const segment::Scalar* low;
    const segment::Scalar* high;
};

Ends endsOf(Comparison comparison, const segment::Scalar* value) {
    switch (comparison) {
        case Comparison::Equal:
            return {value, value};
        case Comparison::Less:
        case Comparison::LessEqual:
            return {nullptr, value};
        case Comparison::Greater:
        case Comparison::GreaterEqual:
            return {value, nullptr};
    }
    return {nullptr, nullptr};
}

// By the predicates whose values are known.
void pruneBlocks(SealedSegment* segment, const ScanFilter* filter, segment::BlockSet& blocks) {
    pg::enterEngine([&] {
        for (int p = 0; p < filter->predicateCount && blocks.any(); p++) {
            const ScanPredicate& predicate = filter->predicates[p];
            const int column = segment->columnOf(predicate.attribute);
            if (predicate.late) {
                continue;
            }
            if (predicate.valueCount == 0) {
                blocks.reset();
            } else if (column >= 0) {
                segment::BlockSet matching;
                for (int v = 0; v < predicate.valueCount; v++) {
                    segment::BlockSet candidate = blocks;
                    const segment::Scalar* value = &predicate.values[v];
                    const auto index = static_cast<uint32_t>(column);
                    if (predicate.comparison == Comparison::Equal) {
                        segment->reader().pruneEqual(index, *value, candidate);
                    } else {
                        const Ends ends = endsOf(predicate.comparison, value);
                        segment->reader().pruneRange(index, ends.low, ends.high, candidate);
                    }
                    matching |= candidate;
                }
                blocks = matching;
            }
        }
    });
}

// The column chunk of an attribute, as SealedSegment finds it; -1 when the segment has none.
int columnOf(const catalog::SegmentRow& row, int attribute) {
    for (int i = row.columns - 1; i >= 0; i--) {
        if (row.attributes[i] == attribute + 1) {
            return i;
        }
    }
    return -1;
}

bool mayMatch(const ScanPredicate& predicate, const segment::ColumnMeta& column, uint32_t rows) {
    for (int v = 0; v < predicate.valueCount; v++) {
        const segment::Scalar* value = &predicate.values[v];
        // A header that says another type than the table is reported by who opens the segment.
        if (value->kind != segment::boundKind(column.type)) {
            return true;
        }
        const Ends ends = endsOf(predicate.comparison, value);
        if (segment::mayOverlap(column, rows, ends.low, ends.high)) {
            return true;
        }
    }
    return false;
}

bool zoneMapsMayMatch(const catalog::SegmentRow& row, const ScanFilter& filter) {
    const segment::ZoneMaps zones(
        {reinterpret_cast<const std::byte*>(VARDATA_ANY(row.meta)), VARSIZE_ANY_EXHDR(row.meta)});
    for (int p = 0; p < filter.predicateCount; p++) {
        const ScanPredicate& predicate = filter.predicates[p];
        if (predicate.late) {
            continue;
        }
        if (predicate.valueCount == 0) {
            return false;
        }
        const int column = columnOf(row, predicate.attribute);
        if (column >= 0 && static_cast<uint32_t>(column) < zones.columnCount() &&
            !mayMatch(predicate, zones.column(static_cast<uint32_t>(column)), zones.rows())) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool ruledOutByZoneMaps(const catalog::SegmentRow& row, ScanFilter* filter) {
    if (filter->predicateCount == 0) {
        return false;
    }
    bool left = true;
    pg::enterEngine([&] { left = zoneMapsMayMatch(row, *filter); });
    if (!left) {
        constexpr auto kBlockRows = static_cast<int32>(segment::kBlockRows);
        filter->segmentsPruned++;
        filter->blocksPruned += (row.rows + kBlockRows - 1) / kBlockRows;
    }
    return !left;
}

bool pruneSegment(SealedSegment* segment, ScanFilter* filter, segment::BlockSet* left) {
    segment::BlockSet blocks = segment->reader().allBlocks();
    const auto all = static_cast<int64>(blocks.count());
    pruneBlocks(segment, filter, blocks);
    if (filter->computeLate != nullptr && blocks.any()) {
        filter->computeLate(filter);
        filter->computeLate = nullptr;
        pruneBlocks(segment, filter, blocks);
    }
    const auto count = static_cast<int64>(blocks.count());
    filter->segmentsRead += count > 0 ? 1 : 0;
    filter->segmentsPruned += count > 0 ? 0 : 1;
    filter->blocksRead += count;
    filter->blocksPruned += all - count;
    *left = blocks;
    // Few blocks: their pages rather than whole chunks.
    constexpr int64 kSparseShare = 8;
    segment->reader().setSparse(count * kSparseShare <= all);
    segment->countInto(&filter->archive);
    return count > 0;
}

}  // namespace footfall::storage
