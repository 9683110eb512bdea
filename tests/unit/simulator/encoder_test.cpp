// The three encoders, byte by byte.
#include <gtest/gtest.h>

#include <string>

#include "bench/simulator/row_encoder.h"
#include "bench/simulator/table.h"

namespace footfall::simulator {
namespace {

const Table& sample() {
    static const Table table = {"sample",
                                {{"a", "bigint"},
                                 {"b", "text"},
                                 {"c", "numeric(12,2)"},
                                 {"d", "timestamptz"},
                                 {"e", "boolean"}}};
    return table;
}

std::string encodeRow(Format format, std::string_view text, int64_t cents, bool header = false) {
    const auto encoder = makeEncoder(format, sample(), header);
    encoder->prologue();
    encoder->begin();
    encoder->int64(-42);
    encoder->text(text);
    encoder->cents(cents);
    encoder->timestamp(1'767'225'599'007);  // 2025-12-31 23:59:59.007
    encoder->null();
    encoder->end();
    encoder->epilogue();
    return encoder->bytes();
}

TEST(CsvEncoder, QuotesOnlyWhatNeedsIt) {
    EXPECT_EQ(encodeRow(Format::csv, "plain", 1999),
              "-42,plain,19.99,2025-12-31 23:59:59.007+00,\n");
    EXPECT_EQ(encodeRow(Format::csv, "a,\"b\"\n", -5),
              "-42,\"a,\"\"b\"\"\n\",-0.05,2025-12-31 23:59:59.007+00,\n");
    EXPECT_EQ(encodeRow(Format::csv, "", 0), "-42,\"\",0.00,2025-12-31 23:59:59.007+00,\n");
}

TEST(CsvEncoder, WritesAHeaderWhenAsked) {
    EXPECT_EQ(encodeRow(Format::csv, "x", 1, true).substr(0, 10), "a,b,c,d,e\n");
}

TEST(JsonEncoder, LeavesNullsOutAndEscapes) {
    EXPECT_EQ(encodeRow(Format::jsonLines, "a\"\\\n", 123456),
              "{\"a\":-42,\"b\":\"a\\\"\\\\\\u000a\",\"c\":1234.56,"
              "\"d\":\"2025-12-31 23:59:59.007+00\"}\n");
}

// The numeric's bytes as numeric_send writes them.
std::string numericField(int64_t cents) {
    const std::string row = encodeRow(Format::binaryCopy, "", cents);
    const size_t header = 11 + 4 + 4 + 2 + (4 + 8) + 4;
    const size_t rest = (4 + 8) + 4 + 2;
    return row.substr(header, row.size() - header - rest);
}

TEST(CopyEncoder, WritesNumericsInBase10000) {
    using namespace std::string_literals;
    EXPECT_EQ(numericField(0), "\0\0\0\10\0\0\0\0\0\0\0\2"s);
    EXPECT_EQ(numericField(99), "\0\0\0\12\0\1\377\377\0\0\0\2\x26\xac"s);        // 9900
    EXPECT_EQ(numericField(-500), "\0\0\0\12\0\1\0\0\100\0\0\2\0\5"s);            // -5
    EXPECT_EQ(numericField(123456), "\0\0\0\14\0\2\0\0\0\0\0\2\4\xd2\x15\xe0"s);  // 1234, 5600
    EXPECT_EQ(numericField(100'000'000), "\0\0\0\12\0\1\0\1\0\0\0\2\0\x64"s);     // 100 * 10^4
}

TEST(CopyEncoder, WritesHeaderRowAndTrailer) {
    using namespace std::string_literals;
    const std::string row = encodeRow(Format::binaryCopy, "ab", 100);
    EXPECT_EQ(row.substr(0, 21), "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\5"s);
    EXPECT_EQ(row.substr(21, 12), "\0\0\0\10\377\377\377\377\377\377\377\326"s);
    EXPECT_EQ(row.substr(33, 6), "\0\0\0\2ab"s);
    EXPECT_EQ(row.substr(row.size() - 6), "\377\377\377\377\377\377"s);  // NULL, trailer
}

TEST(Schema, QuotesNames) {
    EXPECT_EQ(quotedName("shop.events"), "\"shop\".\"events\"");
    EXPECT_EQ(quotedName("a\"b"), "\"a\"\"b\"");
    EXPECT_NE(eventsSchemaSql("events", "footfall").find("USING footfall"), std::string::npos);
    EXPECT_EQ(eventsSchemaSql("events", "heap").find("configure"), std::string::npos);
}

}  // namespace
}  // namespace footfall::simulator
