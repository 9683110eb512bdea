#include "engine/scan/row_mask.h"

#include <algorithm>
#include <cstring>

namespace footfall::scan {

namespace {

// For every byte of eight flags the positions of the flags that are set, and how many they are.
struct Positions {
    std::array<std::array<uint16_t, 8>, 256> of{};
    std::array<uint8_t, 256> count{};

    constexpr Positions() {
        for (uint32_t flags = 0; flags < 256; ++flags) {
            for (uint16_t i = 0; i < 8; ++i) {
                if ((flags >> i & 1) != 0)
                    of[flags][count[flags]++] = i;
            }
        }
    }
};
constexpr Positions kPositions;

using EightRows = uint16_t __attribute__((vector_size(16)));

// Eight bytes of 0 or 1 become eight bits.
uint32_t pack(const uint8_t* mask) noexcept {
    uint64_t bytes;
    std::memcpy(&bytes, mask, sizeof(bytes));
    return static_cast<uint32_t>(bytes * 0x0102040810204080ULL >> 56);
}

}  // namespace

void keepMarked(const uint8_t* mask, Selection& selection) noexcept {
    uint16_t* out = selection.room();
    const uint32_t count = selection.count();
    uint32_t kept = 0;
    if (!selection.all()) {
        for (uint32_t i = 0; i < count; ++i) {
            const uint16_t row = out[i];
            out[kept] = row;
            kept += mask[row];
        }
        selection.assign(kept);
        return;
    }
    const uint32_t whole = count & ~7U;
    EightRows base = {};
    for (uint32_t row = 0; row < whole; row += 8) {
        const uint32_t flags = pack(mask + row);
        EightRows rows;
        std::memcpy(&rows, kPositions.of[flags].data(), sizeof(rows));
        rows += base;
        // At most `row` rows were kept so far, so eight more fit.
        std::memcpy(out + kept, &rows, sizeof(rows));
        kept += kPositions.count[flags];
        base += 8;
    }
    for (uint32_t row = whole; row < count; ++row) {
        out[kept] = static_cast<uint16_t>(row);
        kept += mask[row];
    }
    if (kept != count)
        selection.assign(kept);
    else
        selection.selectAll(count);
}

void keepRuns(std::span<const uint16_t> ends, const uint8_t* mask, Selection& selection) noexcept {
    uint16_t* out = selection.room();
    const uint32_t count = selection.count();
    uint32_t kept = 0;
    if (!selection.all()) {
        size_t run = 0;
        for (uint32_t i = 0; i < count; ++i) {
            const uint16_t row = out[i];
            while (ends[run] <= row)
                ++run;
            out[kept] = row;
            kept += mask[run];
        }
        selection.assign(kept);
        return;
    }
    uint32_t begin = 0;
    for (size_t run = 0; run < ends.size() && begin < count; ++run) {
        const uint32_t end = std::min<uint32_t>(ends[run], count);
        if (mask[run] != 0) {
            EightRows rows = {0, 1, 2, 3, 4, 5, 6, 7};
            rows += static_cast<uint16_t>(begin);
            uint32_t row = begin;
            // What is written beyond the run the next one overwrites.
            for (; row < end && row + 8 <= kBatchRows; row += 8) {
                std::memcpy(out + kept + (row - begin), &rows, sizeof(rows));
                rows += 8;
            }
            for (; row < end; ++row)
                out[kept + (row - begin)] = static_cast<uint16_t>(row);
            kept += end - begin;
        }
        begin = end;
    }
    if (kept != count)
        selection.assign(kept);
    else
        selection.selectAll(count);
}

void keepBits(const RowBits& bits, bool set, Selection& selection) noexcept {
    const uint32_t count = selection.count();
    const uint16_t* rows = selection.rows();
    uint16_t* out = selection.room();
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; ++i) {
        const uint16_t row = rows[i];
        out[kept] = row;
        kept += static_cast<uint32_t>(testBit(bits.data(), row) == set);
    }
    if (kept != count)
        selection.assign(kept);
}

void subtract(const Selection& others, Selection& selection) noexcept {
    if (others.empty())
        return;
    RowBits bits{};
    for (uint32_t i = 0; i < others.count(); ++i)
        setBit(bits.data(), others[i]);
    keepBits(bits, false, selection);
}

}  // namespace footfall::scan
