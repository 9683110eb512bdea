// See column_chunks.h.
#include "extension/executor/column_chunks.h"

namespace footfall::executor {

void ColumnChunks::append(const vector::Block& block, const scan::Selection& selection) {
    for (uint32_t i = 0; i < selection.count(); i++) {
        if (chunks_.empty() || chunks_.back().size() == kChunkRows) {
            chunks_.emplace_back(type_, chunks_.get_allocator().resource());
            // A few rows shall not take the room of many.
            if (chunks_.size() > 1) {
                chunks_.back().reserve(kChunkRows);
            }
        }
        vector::Column& chunk = chunks_.back();
        const uint32_t rest = selection.count() - i;
        if (selection.all() && block.shape == vector::Block::Shape::Flat &&
            rest <= kChunkRows - chunk.size()) {
            chunk.appendRange(block.values, i, rest);
            return;
        }
        const uint32_t row = selection[i];
        if (block.isNull(row)) {
            chunk.appendNull();
        } else {
            chunk.appendFrom(block.holder(), block.holderRow(row));
        }
    }
}

void ColumnChunks::gather(std::span<const uint32_t> rows, vector::Column& target) const {
    constexpr size_t kAhead = 8;
    for (size_t i = 0; i < rows.size(); i++) {
        if (!type_.isBytes() && i + kAhead < rows.size()) {
            const uint32_t ahead = rows[i + kAhead];
            __builtin_prefetch(chunk(ahead).fixedAt(rowInChunk(ahead)));
        }
        target.appendFrom(chunk(rows[i]), rowInChunk(rows[i]));
    }
}

}  // namespace footfall::executor
