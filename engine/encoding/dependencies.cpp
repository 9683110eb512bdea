// Encoding the columns of a segment together: each alone first, then those that another determines
// are stored in terms of it when that is smaller.
//
// A column that others depend on stands alone itself, so decoding one column opens at most one
// other (a text template: one per slot).
#include <algorithm>
#include <numeric>

#include "engine/encoding/column_codecs.h"
#include "engine/encoding/column_encoder.h"

namespace footfall::encoding {
namespace {

ColumnCodec rootOf(const EncodedColumn& encoded) {
    return static_cast<ColumnCodec>(encoded.bytes.bytes()[0]);
}

// Whether rows of equal parent code have equal values.
bool determinedByCode(const vector::Column& column, const DistinctValues& own,
                      const DistinctValues& parent) {
    const uint32_t rows = column.size();
    std::vector<uint32_t> holders(parent.representatives);
    if (parent.hasNull) {
        const auto null = std::find(parent.codes.begin(), parent.codes.end(), parent.count());
        holders.push_back(static_cast<uint32_t>(null - parent.codes.begin()));
    }
    if (own.complete) {
        for (uint32_t row = 0; row < rows; ++row) {
            if (own.codes[row] != own.codes[holders[parent.codes[row]]]) return false;
        }
        return true;
    }
    for (uint32_t row = 0; row < rows; ++row) {
        if (!column.rowEquals(row, column, holders[parent.codes[row]])) return false;
    }
    return true;
}

// Whether every run of the parent lies inside one run of the column.
bool determinedByRun(std::span<const uint32_t> own, std::span<const uint32_t> parent) {
    return !own.empty() && own.size() <= parent.size() &&
           std::includes(parent.begin(), parent.end(), own.begin(), own.end());
}

class DependencySearch {
public:
    DependencySearch(std::span<const vector::Column> columns, Effort effort,
                     std::span<const uint32_t> keys)
        : columns_(columns), effort_(effort), keys_(keys), profiles_(columns.size()) {}

    std::vector<EncodedColumn> run() {
        encodeAlone();
        std::vector<uint32_t> order(columns_.size());
        std::iota(order.begin(), order.end(), 0U);
        std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
            return encoded_[a].bytes.size() > encoded_[b].bytes.size();
        });
        for (const uint32_t column : order) {
            if (!isParent_[column]) relate(column);
        }
        for (EncodedColumn& column : encoded_) {
            auto& references = column.references;
            std::sort(references.begin(), references.end());
            references.erase(std::unique(references.begin(), references.end()), references.end());
        }
        return std::move(encoded_);
    }

private:
    void encodeAlone() {
        const auto count = static_cast<uint32_t>(columns_.size());
        std::vector<IntegerColumn> integers;
        for (uint32_t c = 0; c < count; ++c) {
            if (columns_[c].type().isInteger()) integers.push_back({c, &columns_[c]});
        }
        encoded_.resize(count);
        isParent_.resize(count);
        isDerived_.resize(count);
        for (uint32_t c = 0; c < count; ++c) {
            NodeOptions options;
            options.effort = effort_;
            options.integers = integers;
            options.references = &encoded_[c].references;
            encodeColumn(columns_[c], options, encoded_[c].bytes, &profiles_[c]);
        }
    }

    bool isKey(uint32_t column) const {
        return std::find(keys_.begin(), keys_.end(), column) != keys_.end();
    }

    // Tries every parent for one column and keeps the smallest result.
    void relate(uint32_t column) {
        const ColumnCodec root = rootOf(encoded_[column]);
        if (root == ColumnCodec::Constant || root == ColumnCodec::Template) return;
        base::ByteWriter best;
        uint32_t bestParent = 0;
        size_t limit = encoded_[column].bytes.size();
        limit -= limit / 8 + std::min<size_t>(limit, 16);
        const auto consider = [&](base::ByteWriter&& entry, uint32_t parent) {
            // Parents that are keys are read anyway: they may be a little worse.
            const size_t size = entry.size() - (isKey(parent) ? entry.size() / 16 : 0);
            if (size >= limit) return;
            limit = size;
            best = std::move(entry);
            bestParent = parent;
        };
        for (uint32_t parent = 0; parent < columns_.size(); ++parent) {
            if (parent == column || isDerived_[parent]) continue;
            const ColumnCodec parentRoot = rootOf(encoded_[parent]);
            if (parentRoot == ColumnCodec::Dictionary && !isKey(column)) {
                tryCode(column, parent, consider);
            } else if (parentRoot == ColumnCodec::RunLength) {
                tryRun(column, parent, consider);
            }
        }
        if (best.size() == 0) return;
        encoded_[column].bytes = std::move(best);
        encoded_[column].references.assign(1, bestParent);
        isDerived_[column] = true;
        isParent_[bestParent] = true;
    }

    NodeOptions mapOptions(uint32_t column) const {
        NodeOptions options;
        options.effort = effort_;
        options.runs = false;
        // A reader of text wants codes.
        options.forceDictionary = columns_[column].type().isBytes();
        return options;
    }

    template <class Consider>
    void tryCode(uint32_t column, uint32_t parent, Consider& consider) {
        const DistinctValues& values = profiles_[parent].distinct;
        if (values.count() > columns_[column].size() / 2 ||
            !determinedByCode(columns_[column], profiles_[column].distinct, values)) {
            return;
        }
        base::ByteWriter entry;
        encodeDerivedByCode(columns_[column], parent, values, mapOptions(column), entry);
        consider(std::move(entry), parent);
    }

    template <class Consider>
    void tryRun(uint32_t column, uint32_t parent, Consider& consider) {
        const auto& ends = profiles_[parent].runEnds;
        const vector::Column& values = columns_[column];
        if (determinedByRun(profiles_[column].runEnds, ends)) {
            if (isKey(column)) return;
            base::ByteWriter entry;
            encodeDerivedByRun(values, parent, ends, mapOptions(column), entry);
            consider(std::move(entry), parent);
        } else if (values.type().isInteger() && values.nullCount() == 0 &&
                   rootOf(encoded_[column]) == ColumnCodec::Integers &&
                   encoded_[column].bytes.size() > values.size()) {
            base::ByteWriter entry;
            encodeGroupedDelta(values, parent, ends, effort_, entry);
            consider(std::move(entry), parent);
        }
    }

    std::span<const vector::Column> columns_;
    Effort effort_;
    std::span<const uint32_t> keys_;
    std::vector<ColumnProfile> profiles_;
    std::vector<EncodedColumn> encoded_;
    std::vector<bool> isParent_;
    std::vector<bool> isDerived_;
};

}  // namespace

std::vector<EncodedColumn> encodeColumns(std::span<const vector::Column> columns, Effort effort,
                                         std::span<const uint32_t> keys) {
    return DependencySearch(columns, effort, keys).run();
}

}  // namespace footfall::encoding
