#include "engine/aggregate/key_column.h"

#include <algorithm>

#include "engine/scan/operands.h"

namespace footfall::aggregate {

using scan::forRows;
using scan::forSelected;
using scan::Selection;
using vector::Block;
using vector::Kind;

namespace {

constexpr uint32_t kUnknown = UINT32_MAX;
constexpr uint32_t kFewValues = 1024;
constexpr uint32_t kManyValues = 1 << 20;

}  // namespace

KeyColumn::KeyColumn(vector::ColumnType type, std::pmr::memory_resource* resource)
    : type_(type), interner_(type, resource), translation_(resource) {}

bool KeyColumn::prefersDirect(const Block& block, bool first) const noexcept {
    if (!interned_ || !canBeDirect())
        return false;
    if (block.shape == Block::Shape::Flat)
        return first || interner_.size() > kFewValues;
    return interner_.size() > kManyValues;
}

const uint32_t* KeyColumn::translate(const Block& block, const Selection& selection) {
    const uint32_t entries = block.dictionary->size();
    if (dictionaryId_ != block.dictionaryId || translation_.empty()) {
        dictionaryId_ = block.dictionaryId;
        translation_.clear();
        translation_.push_back(0);
    }
    if (translation_.size() <= entries)
        translation_.resize(size_t{entries} + 1, kUnknown);
    const uint32_t* codes = block.codes.data();
    uint32_t* translation = translation_.data();
    uint32_t highest = 0;
    forRows(selection, block.rows,
            [&](uint32_t row) { highest = std::max(highest, translation[codes[row] + 1]); });
    if (highest == kUnknown) {
        forSelected(selection, [&](uint32_t row) {
            uint32_t& code = translation[codes[row] + 1];
            if (code == kUnknown)
                code = interner_.intern(*block.dictionary, codes[row]);
        });
    }
    return translation;
}

void KeyColumn::addCodes(const Block& block, const Selection& selection, uint32_t shift,
                         bool assign, uint32_t* __restrict out) {
    const auto put = [&](auto&& codeOf) {
        if (assign)
            forSelected(selection, [&](uint32_t row) { out[row] = codeOf(row) << shift; });
        else
            forSelected(selection, [&](uint32_t row) { out[row] += codeOf(row) << shift; });
    };
    switch (block.shape) {
        case Block::Shape::Constant: {
            const uint32_t code = interner_.intern(block.values, 0);
            put([&](uint32_t) { return code; });
            return;
        }
        case Block::Shape::Dictionary: {
            const uint32_t* __restrict translation = translate(block, selection);
            const uint32_t* __restrict codes = block.codes.data();
            put([&](uint32_t row) { return translation[codes[row] + 1]; });
            return;
        }
        case Block::Shape::Flat:
            break;
    }
    uint32_t last = UINT32_MAX;
    uint32_t code = 0;
    put([&](uint32_t row) {
        if (last == UINT32_MAX || !block.values.rowEquals(row, block.values, last))
            code = interner_.intern(block.values, row);
        last = row;
        return code;
    });
}

template <class T>
void KeyColumn::direct(const Block& block, const Selection& selection, uint64_t* __restrict out) {
    const T* __restrict values = block.holder().values<T>();
    switch (block.shape) {
        case Block::Shape::Flat:
            forRows(selection, block.rows,
                    [&](uint32_t row) { out[row] = groupingBits(values[row]); });
            return;
        case Block::Shape::Constant: {
            const uint64_t value = groupingBits(values[0]);
            forRows(selection, block.rows, [&](uint32_t row) { out[row] = value; });
            return;
        }
        case Block::Shape::Dictionary:
            break;
    }
    const uint32_t* __restrict codes = block.codes.data();
    const uint32_t entries = block.dictionary->size();
    forSelected(selection, [&](uint32_t row) {
        out[row] = codes[row] < entries ? groupingBits(values[codes[row]]) : 0;
    });
}

const uint64_t* KeyColumn::words(const Block& block, const Selection& selection,
                                 uint64_t* __restrict scratch, uint64_t* mask, uint32_t bit,
                                 bool& masked) {
    if (interned_) {
        if (block.shape == Block::Shape::Dictionary) {
            const uint32_t* __restrict translation = translate(block, selection);
            const uint32_t* __restrict codes = block.codes.data();
            forSelected(selection,
                        [&](uint32_t row) { scratch[row] = translation[codes[row] + 1]; });
        } else if (block.shape == Block::Shape::Constant) {
            const uint32_t code = interner_.intern(block.values, 0);
            forSelected(selection, [&](uint32_t row) { scratch[row] = code; });
        } else {
            forSelected(selection,
                        [&](uint32_t row) { scratch[row] = interner_.intern(block.values, row); });
        }
        return scratch;
    }
    scan::RowBits nulls{};
    if (scan::addNulls(block, block.rows, nulls.data())) {
        forSelected(selection, [&](uint32_t row) {
            if (scan::testBit(nulls.data(), row)) {
                mask[row] |= uint64_t{1} << bit;
                masked = true;
            }
        });
    } else if (type_.kind == Kind::Int64 && block.shape == Block::Shape::Flat) {
        return block.values.values<uint64_t>();
    }
    switch (type_.kind) {
        case Kind::Int16:
            direct<int16_t>(block, selection, scratch);
            break;
        case Kind::Int32:
            direct<int32_t>(block, selection, scratch);
            break;
        case Kind::Int64:
            direct<int64_t>(block, selection, scratch);
            break;
        case Kind::Float32:
            direct<float>(block, selection, scratch);
            break;
        default:
            direct<double>(block, selection, scratch);
    }
    if (masked) {
        // NULL is one key, whatever stands in its place.
        forSelected(selection, [&](uint32_t row) {
            if ((mask[row] >> bit & 1) != 0)
                scratch[row] = 0;
        });
    }
    return scratch;
}

uint64_t KeyColumn::wordOf(const Value& value) {
    if (value.null)
        return 0;
    if (!interner_.byBits())
        return interner_.internBytes(value.bytes);
    const uint64_t bits =
        type_.isFloat() ? groupingBits(value.real) : static_cast<uint64_t>(value.integer);
    return interned_ ? interner_.internBits(bits) : bits;
}

Value KeyColumn::valueOf(uint64_t word, bool null) const noexcept {
    Value value;
    value.null = interned_ ? word == 0 : null;
    if (value.null)
        return value;
    if (!interner_.byBits()) {
        value.bytes = interner_.bytesOf(static_cast<uint32_t>(word));
        return value;
    }
    const uint64_t bits = interned_ ? bitsOfCode(word) : word;
    if (type_.isFloat())
        value.real = std::bit_cast<double>(bits);
    else
        value.integer = static_cast<int64_t>(bits);
    return value;
}

}  // namespace footfall::aggregate
