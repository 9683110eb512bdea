#include "engine/encoding/exceptions.h"

#include <algorithm>

namespace footfall::encoding {

void encodeExceptions(const vector::Column& column, std::span<const uint32_t> rows,
                      const NodeOptions& options, base::ByteWriter& out) {
    out.varint(rows.size());
    if (rows.empty())
        return;
    const std::vector<uint64_t> words(rows.begin(), rows.end());
    encodeIntegerPart(words, options.effort, out);
    const vector::Column values = column.gather(rows, std::pmr::new_delete_resource());
    const size_t part = out.beginPart();
    encodeColumn(values, options.leaf(), out);
    out.endPart(part);
}

Exceptions::Exceptions(base::ByteReader& in, vector::ColumnType type, uint32_t rows,
                       OpenContext& context)
    : rows_(context.arena.resource()), loaded_(type, context.arena.resource()) {
    const auto count = static_cast<uint32_t>(in.varintUpTo(rows, "exceptions"));
    if (count == 0)
        return;
    rows_.resize(count);
    openIntegerPart(in, count, context.arena)->decode(0, count, rows_.data());
    if (!std::is_sorted(rows_.begin(), rows_.end())) {
        base::throwCorrupt("exceptions are out of order");
    }
    values_ = openColumnPart(in, type, count, context);
}

void Exceptions::load(uint32_t first, uint32_t count) {
    if (rows_.empty())
        return;
    const auto from = std::lower_bound(rows_.begin(), rows_.end(), first);
    const auto to = std::lower_bound(from, rows_.end(), uint64_t{first} + count);
    begin_ = next_ = static_cast<uint32_t>(from - rows_.begin());
    end_ = static_cast<uint32_t>(to - rows_.begin());
    loaded_.clear();
    if (begin_ != end_)
        values_->append(begin_, end_ - begin_, loaded_);
}

bool Exceptions::appendIf(uint32_t row, vector::Column& out) {
    if (next_ == end_ || rows_[next_] != row)
        return false;
    out.appendFrom(loaded_, next_++ - begin_);
    return true;
}

}  // namespace footfall::encoding
