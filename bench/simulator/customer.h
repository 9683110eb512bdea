// The shop's customers: who they are, how often they come, and when they begin to fade.
//
// A customer's visits are a Poisson process whose rate is visitRate x the calendar's weight x the
// fading. Fading begins on a day that no table shows: each morning of a customer who has not begun,
// it begins with probability 1 - exp(-fadeHazard); from that day on the rate falls by the factor
// kFadeKeep a day. The hazard depends on what can be observed (the channel that brought the
// customer, the newsletter) and on what leaves traces (satisfaction shows in ratings and returns),
// so that a model can learn it. `churn.h` computes the true probability from the same numbers.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "bench/simulator/calendar.h"
#include "bench/simulator/random.h"

namespace footfall::simulator {

// What remains of a fading customer's visit rate after one more day: a half-life of 5 days.
inline constexpr double kFadeKeep = 0.87;
inline constexpr int64_t kNever = INT64_MAX;

enum class Persona : uint8_t { windowShopper, searcher, bargainHunter, loyal, purposeful };
inline constexpr int kPersonas = 5;
std::string_view personaName(Persona persona);

enum class PaymentMethod : uint8_t { card, paypal, invoice, bankTransfer, wallet };
std::string_view paymentMethodName(PaymentMethod method);

struct Customer {
    int64_t registeredMillis;
    float visitRate;     // visits a day on an ordinary day, before fading
    float fadeHazard;    // a day
    float satisfaction;  // in [0, 1]
    int32_t joinDay;     // calendar day of the first visit; 0 for customers from before the log
    int32_t fadeDay;     // calendar day on which fading begins; may lie before 0
    uint32_t visitsAfterCutoff = 0;
    uint8_t country;
    uint8_t device;
    uint8_t channel;
    Persona persona;
    PaymentMethod method;
    bool newsletter;
    uint16_t birthYear;
};

inline constexpr uint8_t kMobile = 0;  // a device
std::string_view countryName(uint8_t country);
std::string_view deviceName(uint8_t device);
std::string_view channelName(uint8_t channel);
uint8_t drawDevice(Random& random, const Customer& customer);

class Customers {
  public:
    // Draws `count` customers. About two thirds are there when the log begins; the others join over
    // its first `plannedDays` days. Visit rates are scaled so that `plannedDays` days bring
    // `plannedVisits` visits in expectation; throws std::invalid_argument when the customers who
    // join already bring more than that with their first visit.
    Customers(uint32_t count, const Calendar& calendar, int plannedDays, double plannedVisits,
              uint64_t seed);

    uint32_t size() const { return static_cast<uint32_t>(customers_.size()); }
    Customer& operator[](uint32_t index) { return customers_[index]; }
    const Customer& operator[](uint32_t index) const { return customers_[index]; }

    // The first visit of this customer, kNever when there is none in the calendar.
    int64_t firstVisit(uint32_t index, Random& random) const;
    // The next visit after `millis`, kNever when there is none in the calendar.
    int64_t nextVisit(uint32_t index, int64_t millis, Random& random) const;

  private:
    double fading(const Customer& customer, int day) const;
    int64_t visitFrom(const Customer& customer, int day, double shareGone, Random& random) const;
    void scaleRates(int plannedDays, double plannedVisits);

    const Calendar& calendar_;
    std::vector<Customer> customers_;
    std::vector<double> keep_;  // kFadeKeep to the power of the index
};

}  // namespace footfall::simulator
