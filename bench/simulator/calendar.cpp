#include "bench/simulator/calendar.h"

#include <algorithm>

#include "bench/simulator/civil_date.h"
#include "bench/simulator/random.h"

namespace footfall::simulator {

namespace {

// Traffic by hour of an ordinary working day and of a weekend day, in relative units.
constexpr double kWorkdayHours[24] = {14, 8,  5,  4,  4,  6,  14, 28, 38, 42, 45, 48,
                                      55, 50, 45, 44, 46, 52, 62, 74, 82, 78, 56, 30};
constexpr double kWeekendHours[24] = {20, 12, 8,  5,  4,  4,  8,  16, 30, 46, 58, 62,
                                      62, 60, 60, 60, 60, 62, 66, 74, 80, 74, 54, 32};
// Monday to Sunday.
constexpr double kWeekdays[7] = {1.03, 0.98, 0.97, 0.98, 0.94, 0.98, 1.12};
// The middle of each month, January to December; days between are interpolated.
constexpr double kMonths[12] = {0.96, 0.86, 0.93, 0.98, 1.00, 0.96,
                                0.89, 0.87, 0.98, 1.06, 1.30, 1.34};
constexpr double kSaleTraffic = 3.5;
constexpr double kChanceOfSale = 1.0 / 18;

double season(const CivilDate& date) {
    const double position = 12 + date.month - 1 + (date.day - 15) / 30.5;
    const int left = static_cast<int>(position);
    const double fraction = position - left;
    const double value = kMonths[left % 12] * (1 - fraction) + kMonths[(left + 1) % 12] * fraction;
    // Nobody shops on Christmas Eve and Christmas Day.
    const bool christmas = date.month == 12 && (date.day == 24 || date.day == 25);
    return christmas ? value * 0.45 : value;
}

// The Friday after the fourth Thursday of November.
bool isBlackFriday(const CivilDate& date, int dayOfWeek) {
    return date.month == 11 && dayOfWeek == 4 && date.day >= 23 && date.day <= 29;
}

std::string_view seasonalCampaign(const CivilDate& date) {
    const int key = date.month * 100 + date.day;
    if (key >= 102 && key <= 131) {
        return "winter_sale";
    }
    if (key >= 310 && key <= 420) {
        return "spring_sale";
    }
    if (key >= 701 && key <= 731) {
        return "summer_sale";
    }
    if (key >= 820 && key <= 912) {
        return "back_to_school";
    }
    if (key >= 1115 && key <= 1130) {
        return "black_friday";
    }
    if (key >= 1201 && key <= 1223) {
        return "christmas";
    }
    return {};
}

}  // namespace

Calendar::Calendar(int64_t firstDay, int days, int categories, uint64_t seed)
    : startMillis_(firstDay * kMillisPerDay) {
    Random random(seed, 1);
    days_.resize(static_cast<size_t>(days));
    for (int index = 0; index < days; ++index) {
        Day& day = days_[static_cast<size_t>(index)];
        const CivilDate date = civilDate(firstDay + index);
        const int dayOfWeek = weekday(firstDay + index);
        day.month = date.month;
        day.seasonalCampaign = seasonalCampaign(date);
        day.newsletter = dayOfWeek == 1 || dayOfWeek == 4;

        // Drawn on every day, so that a sale never shifts the days after it.
        const bool sale = random.chance(kChanceOfSale);
        const int saleCategory = static_cast<int>(random.below(static_cast<uint32_t>(categories)));
        const int saleHour = 9 + static_cast<int>(random.below(9));
        if (isBlackFriday(date, dayOfWeek)) {
            day.saleCategory = kEveryCategory;
            day.saleFromHour = 0;
            day.saleUntilHour = 24;
        } else if (sale) {
            day.saleCategory = saleCategory;
            day.saleFromHour = saleHour;
            day.saleUntilHour = saleHour + 6;
        }

        const double* hours = dayOfWeek >= 5 ? kWeekendHours : kWorkdayHours;
        double ordinary = 0;
        double total = 0;
        for (int hour = 0; hour < 24; ++hour) {
            const bool saleHours = day.saleCategory != kNoCategory && hour >= day.saleFromHour &&
                                   hour < day.saleUntilHour;
            day.before[static_cast<size_t>(hour)] = total;
            ordinary += hours[hour];
            total += hours[hour] * (saleHours ? kSaleTraffic : 1);
        }
        for (double& share : day.before) {
            share /= total;
        }
        day.before[24] = 1;
        day.weight = season(date) * kWeekdays[dayOfWeek] * (day.newsletter ? 1.06 : 1) *
                     (day.seasonalCampaign.empty() ? 1 : 1.08) * (total / ordinary);
    }
}

int Calendar::dayOf(int64_t millis) const {
    return static_cast<int>((millis - startMillis_) / kMillisPerDay);
}

double Calendar::shareBefore(int64_t millis) const {
    const int64_t sinceStart = millis - startMillis_;
    const Day& today = day(static_cast<int>(sinceStart / kMillisPerDay));
    const int64_t inDay = sinceStart % kMillisPerDay;
    const size_t hour = static_cast<size_t>(inDay / kMillisPerHour);
    const double inHour = static_cast<double>(inDay % kMillisPerHour) / kMillisPerHour;
    return today.before[hour] + inHour * (today.before[hour + 1] - today.before[hour]);
}

int64_t Calendar::momentAt(int dayIndex, double share) const {
    const auto& before = day(dayIndex).before;
    const auto above = std::upper_bound(before.begin(), before.end() - 1, share);
    const size_t hour = static_cast<size_t>(above - before.begin()) - 1;
    const double inHour = (share - before[hour]) / (before[hour + 1] - before[hour]);
    return startMillis_ + dayIndex * kMillisPerDay + static_cast<int64_t>(hour) * kMillisPerHour +
           std::min(static_cast<int64_t>(inHour * kMillisPerHour), kMillisPerHour - 1);
}

bool Calendar::onSale(int64_t millis, int category) const {
    const Day& today = day(dayOf(millis));
    if (today.saleCategory == kNoCategory ||
        (today.saleCategory != kEveryCategory && today.saleCategory != category)) {
        return false;
    }
    return saleRuns(millis);
}

bool Calendar::saleRuns(int64_t millis) const {
    const Day& today = day(dayOf(millis));
    const int hour = static_cast<int>((millis - startMillis_) % kMillisPerDay / kMillisPerHour);
    return today.saleCategory != kNoCategory && hour >= today.saleFromHour &&
           hour < today.saleUntilHour;
}

}  // namespace footfall::simulator
