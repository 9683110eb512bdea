// Choosing by trying: each codec that may fit encodes, the smallest wins, and a codec that decodes
// slower must win by a margin. Byte columns, where trying is dear, are judged by a sample first.
#include "engine/encoding/column_encoder.h"

#include <algorithm>

#include "engine/encoding/column_codecs.h"

namespace footfall::encoding {
namespace {

// Keeps the smallest of the encodings offered to it.
class Contest {
  public:
    // `handicap` in 1/64 of the entry's size.
    void offer(base::ByteWriter&& entry, size_t handicap) {
        const size_t size = entry.size() + entry.size() * handicap / 64;
        if (decided_ && size >= size_)
            return;
        best_ = std::move(entry);
        size_ = size;
        decided_ = true;
    }
    bool decided() const { return decided_; }
    size_t size() const { return size_; }
    const base::ByteWriter& best() const { return best_; }

  private:
    base::ByteWriter best_;
    size_t size_ = 0;
    bool decided_ = false;
};

void encodeBytesLeaf(const vector::Column& column, const NodeOptions& options,
                     base::ByteWriter& out) {
    if (column.type().content == vector::Content::Numeric && encodeNumeric(column, options, out)) {
        return;
    }
    if (column.type().content != vector::Content::Jsonb && encodeTemplate(column, options, out)) {
        return;
    }
    if (encodeCompressedBytes(column, options.effort, out))
        return;
    encodePlainBytes(column, options.effort, out);
}

// No NULLs, neither runs nor dictionary.
void encodeLeaf(const vector::Column& column, const NodeOptions& options, base::ByteWriter& out) {
    const vector::ColumnType type = column.type();
    if (type.isInteger()) {
        encodeIntegerColumn(column, options.effort, out);
    } else if (type.isFloat()) {
        if (!encodeDecimal(column, options.effort, out)) {
            encodeSplitFloat(column, options.effort, out);
        }
    } else if (type.kind == vector::Kind::Fixed) {
        encodeFixedWords(column, options.effort, out);
    } else {
        encodeBytesLeaf(column, options, out);
    }
}

bool allEqual(const vector::Column& column) {
    for (uint32_t row = 1; row < column.size(); ++row) {
        if (!column.rowEquals(row, column, 0))
            return false;
    }
    return true;
}

// Whether counting distinct values may pay, judged by a sample.
DistinctValues tryDistinct(const vector::Column& column, const NodeOptions& options) {
    const uint32_t rows = column.size();
    if (options.forceDictionary)
        return findDistinct(column, rows);
    if (rows < 4)
        return {};
    const double limit = options.effort == Effort::Fast ? 0.8 : 0.97;
    if (options.effort != Effort::Compact && sampleDistinctShare(column) > limit)
        return {};
    return findDistinct(column, rows / 2);
}

bool leafWorthTrying(const vector::Column& column, const NodeOptions& options,
                     const DistinctValues& distinct) {
    if (options.forceDictionary)
        return false;
    if (!column.type().isBytes() || !distinct.complete)
        return true;
    // A dictionary with few entries beats compressing every row.
    const uint32_t rows = column.size();
    return distinct.count() > rows / (options.effort == Effort::Fast ? 3 : 16);
}

}  // namespace

void encodeColumn(const vector::Column& column, const NodeOptions& options, base::ByteWriter& out,
                  ColumnProfile* profile) {
    const uint32_t rows = column.size();
    if (!options.forceDictionary && allEqual(column))
        return encodeConstant(column, out);
    ColumnProfile own;
    ColumnProfile& found = profile != nullptr ? *profile : own;
    if (options.dictionary || options.forceDictionary) {
        found.distinct = tryDistinct(column, options);
    }
    if (options.runs) {
        found.runEnds = findRuns(column, found.distinct, rows / 3);
    }
    Contest contest;
    std::vector<uint32_t> references;
    if (leafWorthTrying(column, options, found.distinct)) {
        NodeOptions inner = options;
        inner.references = options.references != nullptr ? &references : nullptr;
        base::ByteWriter entry;
        if (column.nullCount() != 0) {
            encodeNullable(column, inner, entry);
        } else {
            encodeLeaf(column, inner, entry);
        }
        contest.offer(std::move(entry), 0);
    }
    if (found.distinct.complete) {
        base::ByteWriter entry;
        encodeDictionary(column, found.distinct, options, entry);
        contest.offer(std::move(entry), column.type().isBytes() ? 0 : 2);
    }
    if (!found.runEnds.empty()) {
        base::ByteWriter entry;
        encodeRunLength(column, found.runEnds, options, entry);
        contest.offer(std::move(entry), 2);
    }
    const auto best = contest.best().bytes();
    if (options.references != nullptr &&
        static_cast<ColumnCodec>(best[0]) == ColumnCodec::Template) {
        options.references->insert(options.references->end(), references.begin(), references.end());
    }
    out.append(best);
}

}  // namespace footfall::encoding
