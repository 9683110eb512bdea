#include "engine/archive/numeric_text.h"

#include <gtest/gtest.h>

#include "tests/unit/engine/column_samples.h"

namespace footfall::archive {
namespace {

TEST(NumericText, SaysWhatPostgresSays) {
    const auto bytes = [](std::initializer_list<int> words) {
        std::string result;
        for (const int word : words) {
            const auto stored = static_cast<uint16_t>(word);
            result.append(reinterpret_cast<const char*>(&stored), sizeof(stored));
        }
        return result;
    };
    // As PostgreSQL stores them: header, digits.
    const std::pair<std::string, const char*> known[] = {
        {bytes({0x8000}), "0"},
        {bytes({0x8100}), "0.00"},
        {bytes({0x8000, 1}), "1"},
        {bytes({0xA100, 12, 5000}), "-12.50"},
        {bytes({0x8000 | 4 << 7 | 0x7F, 1}), "0.0001"},
        {bytes({0x8000 | 5 << 7 | 0x7E, 1000}), "0.00001"},
        {bytes({0x8001, 1}), "10000"},
        {bytes({0x8001 | 2 << 7, 1234, 5678, 9000}), "12345678.90"},
        {bytes({0xC000}), "NaN"},
        {bytes({0xD000}), "Infinity"},
        {bytes({0xF000}), "-Infinity"},
        {bytes({0x4000 | 64, 0, 7}),
         "-7.0000000000000000000000000000000000000000000000000000000000"
         "000000"},
    };
    for (const auto& [numeric, text] : known) {
        EXPECT_EQ(numericToText(numeric), text);
        EXPECT_EQ(textToNumeric(text), numeric) << text;
    }
    EXPECT_EQ(numericToText(*textToNumeric("1" + std::string(300, '0') + ".5")),
              "1" + std::string(300, '0') + ".5");
    for (const char* broken : {"", "-", ".5", "1.", "1e5", "nan", "+1", " 1", "1 ", "--1", "1.2.3"})
        EXPECT_EQ(textToNumeric(broken), std::nullopt) << broken;
}

TEST(NumericText, DecimalsOfEveryScale) {
    for (int scale = 0; scale <= 38; ++scale) {
        Int128 mantissa = 1;
        for (int digits = 1; digits <= 38; ++digits) {
            for (const Int128 sign : {1, -1}) {
                const Int128 value = sign * (mantissa + digits % 7);
                const std::string numeric = decimalToNumeric(value, scale);
                const auto back = numericToDecimal(numeric, 38, scale);
                ASSERT_TRUE(back.has_value()) << scale << " " << digits;
                ASSERT_TRUE(*back == value) << scale << " " << digits;
                ASSERT_EQ(textToNumeric(*numericToText(numeric)), numeric);
            }
            if (digits < 38)
                mantissa *= 10;
        }
        EXPECT_EQ(*numericToDecimal(decimalToNumeric(0, scale), 38, scale), Int128{0});
    }
    EXPECT_EQ(numericToText(decimalToNumeric(-1250, 2)), "-12.50");
}

TEST(NumericText, WhatDoesNotFitIsNotTaken) {
    const auto numeric = [](const char* text) { return *textToNumeric(text); };
    EXPECT_TRUE(numericToDecimal(numeric("99.99"), 4, 2).has_value());
    EXPECT_FALSE(numericToDecimal(numeric("100.00"), 4, 2).has_value());
    EXPECT_FALSE(numericToDecimal(numeric("0.001"), 38, 2).has_value());
    EXPECT_FALSE(numericToDecimal(numeric("NaN"), 38, 2).has_value());
    EXPECT_FALSE(
        numericToDecimal(numeric(("1" + std::string(60, '0')).c_str()), 38, 0).has_value());
    for (const std::string& damaged :
         {std::string(), std::string("x"), std::string("xyz"), std::string("\x00\x80\xff\xff", 4),
          std::string("\x01\xc0", 2), std::string("\x00\xc0\x01\x00", 4),
          std::string("\x01\x00", 2)}) {
        EXPECT_EQ(numericToText(damaged), std::nullopt);
        EXPECT_FALSE(numericToDecimal(damaged, 38, 0).has_value());
    }
}

TEST(NumericText, AgreesWithTheOtherSamples) {
    for (const char* text : {"0", "-12.50", "1", "123456789.123456", "0.00000000001", "-0.5"}) {
        EXPECT_EQ(textToNumeric(text), samples::numericBytes(text)) << text;
        EXPECT_EQ(numericToText(samples::numericBytes(text)), text);
    }
}

}  // namespace
}  // namespace footfall::archive
