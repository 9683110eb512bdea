// The true probability that a customer is lost, for those who train a model to guess it.
//
// Churn at a cutoff means: no visit begins in the `horizonDays` days from the cutoff's midnight on.
// The probability is exact for what is known at the cutoff (the customer's rate and hazard, whether
// fading has begun and since when), because visits are Poisson and fading begins by day:
//
//   not fading at the start of day k, hazard p, rate r, calendar weight w, keep g:
//     V(k) = p exp(-r A(k)) + (1 - p) exp(-r w(k)) V(k+1),   V(end) = 1
//     A(k) = g (w(k) + A(k+1)),                              A(end) = 0
//   fading since day f < cutoff c:  exp(-r g^(c-f) A(c))
#pragma once

#include <cstdint>
#include <vector>

#include "bench/simulator/calendar.h"
#include "bench/simulator/customer.h"

namespace footfall::simulator {

class ChurnTruth {
  public:
    // `cutoffDay` and `cutoffDay + horizonDays` lie within the calendar.
    ChurnTruth(const Calendar& calendar, int cutoffDay, int horizonDays);

    int cutoffDay() const { return cutoffDay_; }
    int horizonDays() const { return horizonDays_; }

    // Whether the customer was there before the cutoff, so that the question makes sense.
    bool applies(const Customer& customer) const;
    bool fading(const Customer& customer) const { return customer.fadeDay < cutoffDay_; }
    double probability(const Customer& customer) const;

  private:
    const Calendar& calendar_;
    int cutoffDay_;
    int horizonDays_;
    std::vector<double> fadedWeight_;  // A(k) for k from the cutoff on
};

}  // namespace footfall::simulator
