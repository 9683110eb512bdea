// When people visit: the day's rhythm, the week, the season and the flash sales.
//
// A day has a weight (traffic relative to an ordinary day, 1.0) and a share of that weight for each
// hour. Within an hour traffic is even. So the traffic of any stretch of days is a plain sum, which
// is what lets the true churn probability be computed instead of estimated.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace footfall::simulator {

inline constexpr int kNoCategory = -1;
inline constexpr int kEveryCategory = -2;

struct Day {
    double weight = 1;
    // Share of the day's traffic before hour h; [0] is 0 and [24] is 1.
    std::array<double, 25> before{};
    // The flash sale of the day: a category's index, kEveryCategory or kNoCategory.
    int saleCategory = kNoCategory;
    int saleFromHour = 0;
    int saleUntilHour = 0;
    // The seasonal campaign that runs on this day, empty when there is none.
    std::string_view seasonalCampaign;
    bool newsletter = false;
    int month = 1;
};

class Calendar {
  public:
    // `firstDay` counts from 1970-01-01; `days` is how far the calendar reaches.
    Calendar(int64_t firstDay, int days, int categories, uint64_t seed);

    int days() const { return static_cast<int>(days_.size()); }
    const Day& day(int index) const { return days_[static_cast<size_t>(index)]; }

    int64_t startMillis() const { return startMillis_; }
    int dayOf(int64_t millis) const;

    // Share of its day's traffic that comes before this moment.
    double shareBefore(int64_t millis) const;
    // The moment of the day before which `share` (in [0, 1)) of its traffic comes.
    int64_t momentAt(int day, double share) const;

    // Whether a product of this category is on sale at this moment.
    bool onSale(int64_t millis, int category) const;
    // Whether any flash sale runs at this moment.
    bool saleRuns(int64_t millis) const;

  private:
    std::vector<Day> days_;
    int64_t startMillis_;
};

}  // namespace footfall::simulator
