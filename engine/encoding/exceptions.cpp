#include "engine/encoding/exceptions.h"

#include <algorithm>

namespace footfall::encoding {

void encodeExceptions(const vector::Column& column, std::span<const uint32_t> rows,
                      const NodeOptions& options, base::ByteWriter& out) {
    out.varint(rows.size());
    if (rows.empty()) return;
    const std::vector<uint64_t> words(rows.begin(), rows.end());
    encodeIntegerPart(words, options.effort, out);
    const vector::Column values = column.gather(rows, std::pmr::new_delete_resource());
    const size_t part = out.beginPart();
    encodeColumn(values, options.leaf(), out);
    out.endPart(part);
}

Exceptions::Exceptions(base::ByteReader& in, vector::ColumnType type, uint32_t rows,
                       OpenContext& context)
    : rows_(context.arena.resource()) {
    const auto count = static_cast<uint32_t>(in.varintUpTo(rows, "exceptions"));
    if (count == 0) return;
    rows_.resize(count);
    openIntegerPart(in, count, context.arena)->decode(0, count, rows_.data());
    if (!std::is_sorted(rows_.begin(), rows_.end())) {
        base::throwCorrupt("exceptions are out of order");
    }
    values_ = openColumnPart(in, type, count, context);
}

Exceptions::Cursor Exceptions::seek(uint32_t row) const {
    return {static_cast<uint32_t>(std::lower_bound(rows_.begin(), rows_.end(), row) -
                                  rows_.begin())};
}

bool Exceptions::appendIfAt(Cursor& cursor, uint32_t row, vector::Column& out) {
    if (cursor.index >= rows_.size() || rows_[cursor.index] != row) return false;
    values_->append(cursor.index++, 1, out);
    return true;
}

}  // namespace footfall::encoding
