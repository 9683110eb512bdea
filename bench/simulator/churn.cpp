#include "bench/simulator/churn.h"

#include <cmath>

#include "bench/simulator/civil_date.h"

namespace footfall::simulator {

ChurnTruth::ChurnTruth(const Calendar& calendar, int cutoffDay, int horizonDays)
    : calendar_(calendar),
      cutoffDay_(cutoffDay),
      horizonDays_(horizonDays),
      fadedWeight_(static_cast<size_t>(horizonDays) + 1, 0.0) {
    for (int day = horizonDays - 1; day >= 0; --day) {
        fadedWeight_[static_cast<size_t>(day)] =
            kFadeKeep *
            (calendar.day(cutoffDay + day).weight + fadedWeight_[static_cast<size_t>(day) + 1]);
    }
}

bool ChurnTruth::applies(const Customer& customer) const {
    return customer.registeredMillis < calendar_.startMillis() + cutoffDay_ * kMillisPerDay;
}

double ChurnTruth::probability(const Customer& customer) const {
    const double rate = customer.visitRate;
    if (fading(customer)) {
        return std::exp(-rate * std::pow(kFadeKeep, cutoffDay_ - customer.fadeDay) *
                        fadedWeight_[0]);
    }
    const double begins = -std::expm1(-static_cast<double>(customer.fadeHazard));
    double lost = 1;
    for (int day = horizonDays_ - 1; day >= 0; --day) {
        const double ifBegins = std::exp(-rate * fadedWeight_[static_cast<size_t>(day)]);
        const double ifNot = std::exp(-rate * calendar_.day(cutoffDay_ + day).weight) * lost;
        lost = begins * ifBegins + (1 - begins) * ifNot;
    }
    return lost;
}

}  // namespace footfall::simulator
