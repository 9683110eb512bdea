// Days since 1970-01-01 to year, month and day, and back, in the proleptic Gregorian calendar.
#pragma once

#include <chrono>
#include <cstdint>

namespace footfall::simulator {

inline constexpr int64_t kMillisPerHour = 3'600'000;
inline constexpr int64_t kMillisPerDay = 24 * kMillisPerHour;

struct CivilDate {
    int year;
    int month;  // 1 to 12
    int day;    // 1 to 31
};

inline CivilDate civilDate(int64_t daysSinceEpoch) {
    const std::chrono::year_month_day date{
        std::chrono::sys_days{std::chrono::days{daysSinceEpoch}}};
    return {static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
            static_cast<int>(static_cast<unsigned>(date.day()))};
}

inline int64_t daysSinceEpoch(const CivilDate& date) {
    const std::chrono::year_month_day parts{std::chrono::year{date.year},
                                            std::chrono::month{static_cast<unsigned>(date.month)},
                                            std::chrono::day{static_cast<unsigned>(date.day)}};
    return std::chrono::sys_days{parts}.time_since_epoch().count();
}

// 0 is Monday, 6 is Sunday.
inline int weekday(int64_t daysSinceEpoch) {
    return static_cast<int>(((daysSinceEpoch + 3) % 7 + 7) % 7);
}

}  // namespace footfall::simulator
