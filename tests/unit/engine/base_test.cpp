#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/checksum.h"
#include "engine/base/error.h"

namespace footfall::base {
namespace {

std::span<const std::byte> bytesOf(const std::string& text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(Checksum, KnownAnswers) {
    // RFC 3720, B.4.
    EXPECT_EQ(crc32c(bytesOf("123456789")), 0xE3069283U);
    EXPECT_EQ(crc32c(bytesOf(std::string(32, '\0'))), 0x8A9136AAU);
    EXPECT_EQ(crc32c(bytesOf(std::string(32, '\xff'))), 0x62A8AB43U);
    EXPECT_EQ(crc32c({}), 0U);
}

TEST(Checksum, PortableFormAgreesAtEveryLength) {
    std::string text;
    // Beyond where lanes of either length begin, and beyond a page of stored bytes.
    for (int i = 0; i < 5000; ++i) {
        ASSERT_EQ(crc32c(bytesOf(text)), crc32cPortable(bytesOf(text))) << text.size();
        text.push_back(static_cast<char>(i * 37));
    }
}

TEST(Checksum, Chains) {
    const std::string text = "a segment is immutable";
    const uint32_t first = crc32c(bytesOf(text.substr(0, 5)));
    EXPECT_EQ(crc32c(bytesOf(text.substr(5)), first), crc32c(bytesOf(text)));
}

TEST(ByteReader, ReadsWhatWasWritten) {
    ByteWriter writer;
    const std::vector<uint64_t> words = {0, 1, 127, 128, 300, UINT32_MAX, UINT64_MAX};
    for (const uint64_t word : words)
        writer.varint(word);
    const std::vector<int64_t> integers = {0, -1, 1, INT64_MIN, INT64_MAX};
    for (const int64_t integer : integers)
        writer.zigzag(integer);
    const size_t part = writer.beginPart();
    writer.u16(0xabcd);
    writer.endPart(part);
    writer.write(2.5);
    ByteReader reader(writer.bytes());
    for (const uint64_t word : words)
        EXPECT_EQ(reader.varint(), word);
    for (const int64_t integer : integers)
        EXPECT_EQ(reader.zigzag(), integer);
    ByteReader inner = reader.part();
    EXPECT_EQ(inner.u16(), 0xabcd);
    inner.expectEnd();
    EXPECT_EQ(reader.read<double>(), 2.5);
    reader.expectEnd();
}

template <class Function>
void expectCorrupt(Function function) {
    try {
        function();
        ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::CorruptData);
        EXPECT_NE(std::strlen(error.what()), 0U);
    }
}

TEST(ByteReader, RefusesToReadBeyondTheEnd) {
    const std::string text = "abc";
    expectCorrupt([&] { ByteReader(bytesOf(text)).u32(); });
    expectCorrupt([&] { ByteReader(bytesOf(text)).bytes(SIZE_MAX); });
    expectCorrupt([&] { ByteReader(bytesOf(text)).expectEnd(); });
    expectCorrupt([&] { ByteReader(bytesOf(std::string(11, '\xff'))).varint(); });
    expectCorrupt([&] { ByteReader(bytesOf(std::string("\x05\0\0\0a", 5))).part(); });
    expectCorrupt([&] { ByteReader(bytesOf("\x7f")).varintUpTo(5, "it"); });
}

TEST(Error, KeepsDetailAndHint) {
    const Error error = Error(ErrorKind::Unsupported, "no %s", "way")
                            .withDetail("d%d", 1)
                            .withHint("%s", std::string(1000, 'h').c_str());
    EXPECT_STREQ(error.what(), "no way");
    EXPECT_STREQ(error.detail(), "d1");
    EXPECT_EQ(std::strlen(error.hint()), 255U);
}

}  // namespace
}  // namespace footfall::base
