#include "engine/vector/column_image.h"

#include <bit>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/base/checksum.h"

namespace footfall::vector {
namespace {

constexpr uint32_t kMagic = 0x31434646;  // "FFC1" as bytes

size_t wordsOf(uint32_t rows) {
    return (size_t{rows} + 63) / 64;
}

// The number of NULLs; a bit beyond the last row is none.
std::vector<uint64_t> readNulls(base::ByteReader& in, uint32_t rows, uint32_t nulls) {
    std::vector<uint64_t> words;
    if (nulls == 0)
        return words;
    const auto bytes = in.bytes(wordsOf(rows) * sizeof(uint64_t));
    words.resize(wordsOf(rows));
    std::memcpy(words.data(), bytes.data(), bytes.size());
    uint32_t found = 0;
    for (const uint64_t word : words)
        found += static_cast<uint32_t>(std::popcount(word));
    const bool beyond = rows % 64 != 0 && words.back() >> rows % 64 != 0;
    if (found != nulls || beyond)
        base::throwCorrupt("an image's NULLs do not add up");
    return words;
}

void readBytes(base::ByteReader& in, uint32_t rows, const std::vector<uint64_t>& nulls,
               uint64_t size, Column& into) {
    const auto stored = in.bytes(size_t{rows} * sizeof(uint32_t));
    const auto data = in.bytes(size);
    std::vector<uint32_t> ends(rows);
    if (rows != 0)
        std::memcpy(ends.data(), stored.data(), stored.size());
    uint32_t begin = 0;
    for (const uint32_t end : ends) {
        if (end < begin || end > size)
            base::throwCorrupt("an image's values overlap");
        begin = end;
    }
    if (begin != size)
        base::throwCorrupt("an image's values end early");
    begin = 0;
    if (nulls.empty()) {
        std::vector<uint64_t> lengths(rows);
        for (uint32_t row = 0; row < rows; begin = ends[row++])
            lengths[row] = ends[row] - begin;
        into.appendValues(data.data(), lengths);
        return;
    }
    for (uint32_t row = 0; row < rows; begin = ends[row++]) {
        if ((nulls[row >> 6] >> (row & 63) & 1) == 0) {
            into.appendBytes(data.data() + begin, ends[row] - begin);
        } else if (ends[row] == begin) {
            into.appendNull();
        } else {
            base::throwCorrupt("a NULL of an image has bytes");
        }
    }
}

}  // namespace

void writeImage(const Column& column, base::ByteWriter& out) {
    const size_t begin = out.size();
    const ColumnType type = column.type();
    out.u32(kMagic);
    out.u8(static_cast<uint8_t>(type.kind));
    out.u8(static_cast<uint8_t>(type.content));
    out.u16(type.width);
    out.u32(column.size());
    out.u32(column.nullCount());
    out.u64(column.byteSize());
    if (column.nullCount() != 0)
        out.append(std::as_bytes(std::span(column.nullBits(), wordsOf(column.size()))));
    if (type.isBytes())
        out.append(std::as_bytes(std::span(column.offsets(), column.size())));
    out.append(std::span(column.heap(), column.byteSize()));
    out.u32(base::crc32c(out.bytes().subspan(begin)));
}

void readImage(std::span<const std::byte> image, Column& into) {
    base::ByteReader in(image);
    if (in.remaining() < sizeof(uint32_t))
        base::throwCorrupt("an image ends early");
    const auto content = image.first(image.size() - sizeof(uint32_t));
    uint32_t crc;
    std::memcpy(&crc, image.data() + content.size(), sizeof(crc));
    if (crc != base::crc32c(content))
        base::throwCorrupt("the checksum of an image does not match");
    in = base::ByteReader(content);
    const ColumnType type = into.type();
    if (in.u32() != kMagic || in.u8() != static_cast<uint8_t>(type.kind) ||
        in.u8() != static_cast<uint8_t>(type.content) || in.u16() != type.width) {
        base::throwCorrupt("an image is of another type");
    }
    const uint32_t rows = in.u32();
    const uint32_t nulls = in.u32();
    const uint64_t size = in.u64();
    const std::vector<uint64_t> words = readNulls(in, rows, nulls);
    if (type.isBytes()) {
        readBytes(in, rows, words, size, into);
    } else {
        if (size != uint64_t{rows} * type.width)
            base::throwCorrupt("an image has another length");
        const auto data = in.bytes(size);
        if (rows != 0)
            std::memcpy(into.extendFixed(rows), data.data(), data.size());
        if (nulls != 0)
            into.setNulls(words.data());
    }
    in.expectEnd();
}

}  // namespace footfall::vector
