#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "engine/encoding/bit_packing.h"
#include "engine/encoding/delta.h"
#include "engine/encoding/frame_of_reference.h"
#include "engine/encoding/int_stream.h"

namespace footfall::encoding {
namespace {

using Random = std::mt19937_64;
constexpr uint32_t kSizes[] = {0, 1, 2, 15, 16, 17, 63, 64, 65, 1023, 1024, 1025, 5000};

std::vector<uint64_t> pattern(int kind, uint32_t size, unsigned width, Random& random) {
    std::vector<uint64_t> values(size);
    uint64_t last = 0;
    for (uint32_t i = 0; i < size; ++i) {
        const uint64_t small = width == 0 ? 0 : random() >> (64 - width);
        switch (kind) {
            case 0:  // uniform
                values[i] = small;
                break;
            case 1:  // outliers above
                values[i] = random() % 10 == 0 ? random() : small;
                break;
            case 2:  // outliers on both sides of a large base
                values[i] = 1000000 + (random() % 20 == 0 ? 0 - random() % 100000 : small);
                break;
            case 3:  // ascending
                values[i] = last += small;
                break;
            case 4:  // descending below zero
                values[i] = last -= small;
                break;
            default:  // accelerating
                values[i] = uint64_t{i} * i * 17 + small % 3;
        }
    }
    return values;
}

void expectRanges(IntDecoder& decoder, const std::vector<uint64_t>& values, Random& random) {
    const auto size = static_cast<uint32_t>(values.size());
    std::vector<uint64_t> out(size);
    decoder.decode(0, size, out.data());
    ASSERT_EQ(out, values);
    for (int i = 0; i < 20 && size != 0; ++i) {
        const auto first = static_cast<uint32_t>(random() % size);
        const auto count = static_cast<uint32_t>(random() % (size - first + 1));
        std::vector<uint64_t> part(count);
        decoder.decode(first, count, part.data());
        ASSERT_TRUE(std::equal(part.begin(), part.end(), values.begin() + first))
            << first << " + " << count;
        std::vector<uint32_t> narrow(count);
        const uint64_t greatest = decoder.decode32(first, count, narrow.data());
        uint64_t expected = 0;
        std::vector<uint16_t> positions;
        for (uint32_t row = 0; row < count; ++row) {
            expected = std::max(expected, part[row]);
            ASSERT_EQ(narrow[row], static_cast<uint32_t>(part[row]));
            if (random() % 20 == 0)
                positions.push_back(static_cast<uint16_t>(row));
        }
        ASSERT_EQ(greatest, expected);
        if (!positions.empty()) {
            std::vector<uint64_t> gathered(positions.size());
            decoder.gather(first, positions, gathered.data());
            for (size_t row = 0; row < positions.size(); ++row)
                ASSERT_EQ(gathered[row], part[positions[row]]);
        }
    }
}

TEST(BitPacking, LinearAtEveryWidth) {
    Random random(1);
    for (unsigned width = 0; width <= 64; ++width) {
        for (const uint32_t size : {1U, 7U, 63U, 200U}) {
            std::vector<uint64_t> values(size);
            for (uint64_t& value : values)
                value = random() & lowMask(width);
            std::vector<std::byte> packed(linearBytes(size, width));
            packLinear(values.data(), size, width, packed.data());
            std::vector<uint64_t> out(size);
            unpackLinear(packed, width, 0, size, 0, out.data());
            ASSERT_EQ(out, values) << width;
            unpackLinear(packed, width, size / 2, 1, 5, out.data());
            ASSERT_EQ(out[0], values[size / 2] + 5);
        }
    }
}

TEST(BitPacking, TenBits) {
    Random random(3);
    for (uint32_t count = 0; count <= 200; ++count) {
        std::vector<uint64_t> values(count);
        for (uint64_t& value : values)
            value = random() % 1024;
        std::vector<std::byte> packed(linearBytes(count, 10));
        packLinear(values.data(), count, 10, packed.data());
        std::vector<uint16_t> unpacked((count + 7) / 8 * 8);
        unpackTenBits(packed, count, unpacked.data());
        for (uint32_t i = 0; i < count; ++i)
            ASSERT_EQ(unpacked[i], values[i]) << "value " << i << " of " << count;
    }
}

TEST(BitPacking, InterleavedAtEveryWidth) {
    Random random(2);
    std::vector<uint64_t> values(kPackRows);
    std::vector<uint64_t> out(kPackRows);
    for (unsigned width = 0; width <= 64; ++width) {
        for (uint64_t& value : values)
            value = random() & lowMask(width);
        std::vector<std::byte> packed(interleavedBytes(width));
        packInterleaved(values.data(), width, packed.data());
        unpackInterleaved(packed.data(), width, 0, kPackRows, 0, out.data());
        ASSERT_EQ(out, values) << width;
        unpackInterleaved(packed.data(), width, 160, 32, 9, out.data());
        for (uint32_t i = 0; i < 32; ++i)
            ASSERT_EQ(out[i], values[160 + i] + 9);
    }
}

TEST(IntStream, EveryPatternSizeAndWidth) {
    Random random(3);
    for (int kind = 0; kind <= 5; ++kind) {
        for (const uint32_t size : kSizes) {
            for (const unsigned width : {0U, 1U, 7U, 8U, 21U, 33U, 63U, 64U}) {
                const auto values = pattern(kind, size, width, random);
                for (const Effort effort : {Effort::Fast, Effort::Seal, Effort::Compact}) {
                    base::ByteWriter stored;
                    encodeIntegers(values, effort, stored);
                    Arena arena(std::pmr::new_delete_resource());
                    expectRanges(*openIntegers(base::ByteReader(stored.bytes()), size, arena),
                                 values, random);
                }
            }
        }
    }
}

TEST(IntStream, EveryCodecByItself) {
    Random random(4);
    for (int kind = 0; kind <= 5; ++kind) {
        for (const uint32_t size : kSizes) {
            if (size == 0)
                continue;
            const auto values = pattern(kind, size, 20, random);
            Arena arena(std::pmr::new_delete_resource());
            base::ByteWriter reference;
            encodeFrameOfReference(values, reference);
            expectRanges(*openFrameOfReference(base::ByteReader(reference.bytes()), size, arena),
                         values, random);
            base::ByteWriter delta;
            encodeDelta(values, delta);
            expectRanges(*openDelta(base::ByteReader(delta.bytes()), size, arena), values, random);
            base::ByteWriter second;
            encodeDeltaOfDelta(values, second);
            expectRanges(*openDeltaOfDelta(base::ByteReader(second.bytes()), size, arena), values,
                         random);
        }
    }
}

TEST(IntStream, ChoosesWhatFits) {
    const auto codecOf = [](const std::vector<uint64_t>& values) {
        base::ByteWriter stored;
        encodeIntegers(values, Effort::Compact, stored);
        return std::pair(static_cast<IntCodec>(stored.bytes()[0]), stored.size());
    };
    std::vector<uint64_t> values(8192, 42);
    EXPECT_EQ(codecOf(values).first, IntCodec::Constant);
    Random random(5);
    for (uint64_t& value : values)
        value = random() % 16;
    EXPECT_EQ(codecOf(values).first, IntCodec::FrameOfReference);
    EXPECT_LT(codecOf(values).second, 8192U * 4 / 8 + 100);
    uint64_t last = 0;
    for (uint64_t& value : values)
        value = last += random() % 16;
    EXPECT_EQ(codecOf(values).first, IntCodec::Delta);
    uint64_t step = 1000;
    for (uint64_t& value : values)
        value = last += step += random() % 3;
    EXPECT_EQ(codecOf(values).first, IntCodec::DeltaOfDelta);
    // One value in fifty is far away: patches, not wide words.
    for (uint64_t& value : values)
        value = random() % 50 == 0 ? random() : random() % 16;
    EXPECT_LT(codecOf(values).second, 8192U * 8 / 8);
}

}  // namespace
}  // namespace footfall::encoding
