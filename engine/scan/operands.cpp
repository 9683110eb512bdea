#include "engine/scan/operands.h"

#include <algorithm>
#include <type_traits>

namespace footfall::scan {

using vector::Block;
using vector::Kind;

bool addNulls(const Block& block, uint32_t rows, uint64_t* words) noexcept {
    const uint32_t wordCount = (rows + 63) / 64;
    switch (block.shape) {
        case Block::Shape::Constant:
            if (!block.values.isNull(0))
                return false;
            for (uint32_t row = 0; row < rows; ++row)
                setBit(words, row);
            return true;
        case Block::Shape::Flat: {
            const uint64_t* nulls = block.values.nullBits();
            if (nulls == nullptr)
                return false;
            for (uint32_t i = 0; i < wordCount; ++i)
                words[i] |= nulls[i];
            return true;
        }
        case Block::Shape::Dictionary:
            break;
    }
    const uint32_t* codes = block.codes.data();
    uint32_t found = 0;
    for (uint32_t row = 0; row < rows; ++row)
        found |= static_cast<uint32_t>(codes[row] == vector::kNullCode);
    if (found == 0)
        return false;
    for (uint32_t row = 0; row < rows; ++row) {
        if (codes[row] == vector::kNullCode)
            setBit(words, row);
    }
    return true;
}

namespace {

template <class T, class S>
T widened(S value) noexcept {
    return static_cast<T>(value);  // NOLINT(bugprone-signed-char-misuse): a number, no character
}

template <class T, class S>
Operand<T> convert(const Block& block, const Selection& selection, base::Buffer& scratch) {
    const S* __restrict from = block.holder().values<S>();
    const bool constant = block.shape == Block::Shape::Constant;
    if constexpr (std::is_same_v<T, S>) {
        if (block.shape != Block::Shape::Dictionary)
            return {from, constant};
    }
    scratch.resize(kBatchRows * sizeof(T));
    T* __restrict to = reinterpret_cast<T*>(scratch.data());
    if (constant) {
        *to = widened<T>(*from);
    } else if (block.shape == Block::Shape::Flat) {
        forRows(selection, block.rows, [&](uint32_t row) { to[row] = widened<T>(from[row]); });
    } else {
        const uint32_t* __restrict codes = block.codes.data();
        const uint32_t entries = block.dictionary->size();
        if (entries == 0) {
            std::fill_n(to, kBatchRows, T{});
        } else {
            // A NULL's code is beyond the dictionary.
            forRows(selection, block.rows, [&](uint32_t row) {
                to[row] = widened<T>(from[std::min(codes[row], entries - 1)]);
            });
        }
    }
    return {to, constant};
}

}  // namespace

template <class T>
Operand<T> load(const Block& block, const Selection& selection, base::Buffer& scratch) {
    switch (block.holder().type().kind) {
        case Kind::Bool:
            return convert<T, uint8_t>(block, selection, scratch);
        case Kind::Int8:
            return convert<T, int8_t>(block, selection, scratch);
        case Kind::Int16:
            return convert<T, int16_t>(block, selection, scratch);
        case Kind::Int32:
            return convert<T, int32_t>(block, selection, scratch);
        case Kind::Int64:
            return convert<T, int64_t>(block, selection, scratch);
        default:
            break;
    }
    if constexpr (std::is_floating_point_v<T>) {
        if (block.holder().type().kind == Kind::Float32)
            return convert<T, float>(block, selection, scratch);
        if (block.holder().type().kind == Kind::Float64)
            return convert<T, double>(block, selection, scratch);
    }
    base::throwInternal("a block's values are not the numbers they were said to be");
}

template Operand<int16_t> load(const Block&, const Selection&, base::Buffer&);
template Operand<int32_t> load(const Block&, const Selection&, base::Buffer&);
template Operand<int64_t> load(const Block&, const Selection&, base::Buffer&);
template Operand<float> load(const Block&, const Selection&, base::Buffer&);
template Operand<double> load(const Block&, const Selection&, base::Buffer&);

}  // namespace footfall::scan
