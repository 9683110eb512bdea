// Numbers and times as text, fast: shared by the CSV and the JSON encoder.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>

#include "bench/simulator/civil_date.h"

namespace footfall::simulator {

inline void appendInteger(std::string& out, int64_t value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, end);
}

inline void appendFloat(std::string& out, double value) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, end);
}

inline void appendTwoDigits(std::string& out, int value) {
    out += static_cast<char>('0' + value / 10);
    out += static_cast<char>('0' + value % 10);
}

inline void appendCents(std::string& out, int64_t value) {
    if (value < 0) {
        out += '-';
        value = -value;
    }
    appendInteger(out, value / 100);
    out += '.';
    appendTwoDigits(out, static_cast<int>(value % 100));
}

// Writes times as 2026-01-31 12:34:56.789+00. Keeps the last day's text, since events come in time
// order.
class TimestampWriter {
  public:
    void append(std::string& out, int64_t millis) {
        int64_t day = millis / kMillisPerDay;
        int64_t inDay = millis % kMillisPerDay;
        if (inDay < 0) {
            --day;
            inDay += kMillisPerDay;
        }
        appendDate(out, day);
        const int seconds = static_cast<int>(inDay / 1000);
        const int fraction = static_cast<int>(inDay % 1000);
        char clock[16] = {' ',
                          digit(seconds / 36000),
                          digit(seconds / 3600 % 10),
                          ':',
                          digit(seconds / 600 % 6),
                          digit(seconds / 60 % 10),
                          ':',
                          digit(seconds / 10 % 6),
                          digit(seconds % 10),
                          '.',
                          digit(fraction / 100),
                          digit(fraction / 10 % 10),
                          digit(fraction % 10),
                          '+',
                          '0',
                          '0'};
        out.append(clock, sizeof clock);
    }

    void appendDate(std::string& out, int64_t day) {
        if (day != cachedDay_) {
            const CivilDate date = civilDate(day);
            cachedText_.clear();
            appendTwoDigits(cachedText_, date.year / 100);
            appendTwoDigits(cachedText_, date.year % 100);
            cachedText_ += '-';
            appendTwoDigits(cachedText_, date.month);
            cachedText_ += '-';
            appendTwoDigits(cachedText_, date.day);
            cachedDay_ = day;
        }
        out += cachedText_;
    }

  private:
    static char digit(int value) { return static_cast<char>('0' + value); }

    int64_t cachedDay_ = INT64_MIN;
    std::string cachedText_;
};

}  // namespace footfall::simulator
