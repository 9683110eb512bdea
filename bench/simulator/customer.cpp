#include "bench/simulator/customer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

#include "bench/simulator/alias_table.h"
#include "bench/simulator/civil_date.h"

namespace footfall::simulator {

namespace {

constexpr std::array<std::string_view, kPersonas> kPersonaNames = {
    "window_shopper", "searcher", "bargain_hunter", "loyal", "purposeful"};
constexpr std::array<double, kPersonas> kPersonaShare = {.34, .20, .18, .12, .16};
// Visits relative to the average customer.
constexpr std::array<double, kPersonas> kPersonaVisits = {1.0, 1.0, 1.1, 2.2, 0.6};

constexpr std::array<std::string_view, 5> kMethodNames = {"card", "paypal", "invoice",
                                                          "bank_transfer", "wallet"};
constexpr std::array<double, 5> kMethodShare = {.38, .27, .16, .07, .12};

constexpr std::array<std::string_view, 10> kCountries = {"DE", "FR", "GB", "NL", "ES",
                                                         "IT", "PL", "AT", "BE", "SE"};
constexpr std::array<double, 10> kCountryShare = {.27, .17, .15, .09, .08, .08, .06, .04, .03, .03};

constexpr std::array<std::string_view, 4> kDevices = {"mobile", "desktop", "app", "tablet"};
constexpr std::array<double, 4> kDeviceShare = {.46, .31, .18, .05};

constexpr std::array<std::string_view, 6> kChannels = {"organic",   "search_ads", "social_ads",
                                                       "affiliate", "influencer", "referral"};
constexpr std::array<double, 6> kChannelShare = {.36, .24, .16, .10, .08, .06};
// Paid reach brings customers who stay less long.
constexpr std::array<double, 6> kChannelHazard = {0.8, 1.0, 1.5, 1.6, 1.9, 0.6};

// Of a median customer, a day: half of them have begun to fade after about five months.
constexpr double kMedianHazard = 0.0045;
constexpr double kShareFromBefore = 0.66;
constexpr double kShareFadingAtStart = 0.12;
constexpr uint32_t kCustomersToScaleBy = 100'000;

template <size_t count>
AliasTable tableOf(const std::array<double, count>& shares) {
    return AliasTable(std::vector<double>(shares.begin(), shares.end()));
}

}  // namespace

std::string_view personaName(Persona persona) {
    return kPersonaNames[static_cast<size_t>(persona)];
}
std::string_view paymentMethodName(PaymentMethod method) {
    return kMethodNames[static_cast<size_t>(method)];
}
std::string_view countryName(uint8_t country) {
    return kCountries[country];
}
std::string_view deviceName(uint8_t device) {
    return kDevices[device];
}
std::string_view channelName(uint8_t channel) {
    return kChannels[channel];
}

uint8_t drawDevice(Random& random, const Customer& customer) {
    return random.chance(0.85) ? customer.device
                               : static_cast<uint8_t>(random.below(kDevices.size()));
}

Customers::Customers(uint32_t count, const Calendar& calendar, int plannedDays,
                     double plannedVisits, uint64_t seed)
    : calendar_(calendar) {
    keep_.reserve(128);
    for (double keep = 1; keep > 1e-6; keep *= kFadeKeep) {
        keep_.push_back(keep);
    }
    const AliasTable personas = tableOf(kPersonaShare);
    const AliasTable methods = tableOf(kMethodShare);
    const AliasTable countries = tableOf(kCountryShare);
    const AliasTable devices = tableOf(kDeviceShare);
    const AliasTable channels = tableOf(kChannelShare);
    std::vector<double> joinWeights;
    joinWeights.reserve(static_cast<size_t>(plannedDays));
    for (int day = 0; day < plannedDays; ++day) {
        joinWeights.push_back(calendar.day(day).weight);
    }
    const AliasTable joinDays(joinWeights);

    customers_.reserve(count);
    Random random(seed, 3);
    for (uint32_t index = 0; index < count; ++index) {
        Customer customer;
        customer.persona = static_cast<Persona>(personas.draw(random));
        customer.method = static_cast<PaymentMethod>(methods.draw(random));
        customer.country = static_cast<uint8_t>(countries.draw(random));
        customer.device = static_cast<uint8_t>(devices.draw(random));
        customer.channel = static_cast<uint8_t>(channels.draw(random));
        customer.newsletter = random.chance(0.38);
        customer.birthYear = static_cast<uint16_t>(1950 + random.below(28) + random.below(28));
        customer.satisfaction =
            static_cast<float>(std::clamp(0.68 + 0.19 * random.normal(), 0.02, 0.98));
        customer.visitRate = static_cast<float>(
            random.gamma(0.9) * kPersonaVisits[static_cast<size_t>(customer.persona)] + 1e-4);
        customer.fadeHazard = static_cast<float>(
            kMedianHazard * kChannelHazard[customer.channel] * (customer.newsletter ? 0.7 : 1.0) *
            std::exp(3.2 * (0.68 - customer.satisfaction) + 0.25 * random.normal()));
        const bool fromBefore = random.chance(kShareFromBefore);
        const uint32_t daysBefore = random.below(730) + 1;
        const bool fadingAtStart = random.chance(kShareFadingAtStart);
        const uint32_t fadingSince = random.below(20);
        customer.joinDay = fromBefore ? 0 : static_cast<int32_t>(joinDays.draw(random));
        const double untilFade = random.exponential() / customer.fadeHazard;
        const double lastDay = calendar.days() + 1.0;
        customer.fadeDay =
            customer.joinDay + static_cast<int32_t>(std::min(std::floor(untilFade), lastDay));
        if (fromBefore && fadingAtStart) {
            customer.fadeDay = -static_cast<int32_t>(fadingSince);
        }
        if (fromBefore) {
            customer.registeredMillis =
                calendar.startMillis() - static_cast<int64_t>(daysBefore) * kMillisPerDay +
                static_cast<int64_t>(random.uniform() * static_cast<double>(kMillisPerDay));
        } else {
            customer.registeredMillis = calendar.momentAt(customer.joinDay, random.uniform());
        }
        customers_.push_back(customer);
    }
    scaleRates(plannedDays, plannedVisits);
}

void Customers::scaleRates(int plannedDays, double plannedVisits) {
    const uint32_t sampled = std::min(size(), kCustomersToScaleBy);
    double firstVisits = 0;
    double laterVisits = 0;
    for (uint32_t index = 0; index < sampled; ++index) {
        const Customer& customer = customers_[index];
        firstVisits += customer.registeredMillis >= calendar_.startMillis() ? 1 : 0;
        for (int day = customer.joinDay; day < plannedDays; ++day) {
            laterVisits += customer.visitRate * calendar_.day(day).weight * fading(customer, day);
        }
    }
    const double scaleUp = static_cast<double>(size()) / sampled;
    const double wanted = plannedVisits - firstVisits * scaleUp;
    if (wanted <= 0 || laterVisits <= 0) {
        throw std::invalid_argument(
            fmt::format("{} customers are too many for so few events: their first visits alone are "
                        "more; ask for fewer with --customers, or for more --events",
                        size()));
    }
    const double factor = wanted / (laterVisits * scaleUp);
    for (Customer& customer : customers_) {
        customer.visitRate = static_cast<float>(customer.visitRate * factor);
    }
}

double Customers::fading(const Customer& customer, int day) const {
    if (day < customer.fadeDay) {
        return 1;
    }
    const size_t daysFaded = static_cast<size_t>(day - customer.fadeDay) + 1;
    return daysFaded < keep_.size() ? keep_[daysFaded] : 0;
}

int64_t Customers::firstVisit(uint32_t index, Random& random) const {
    const Customer& customer = customers_[index];
    if (customer.registeredMillis >= calendar_.startMillis()) {
        return customer.registeredMillis;
    }
    return visitFrom(customer, 0, 0, random);
}

int64_t Customers::nextVisit(uint32_t index, int64_t millis, Random& random) const {
    return visitFrom(customers_[index], calendar_.dayOf(millis), calendar_.shareBefore(millis),
                     random);
}

// Time rescaling: the expected number of visits until the next one is exponential with mean 1.
int64_t Customers::visitFrom(const Customer& customer, int day, double shareGone,
                             Random& random) const {
    double wait = random.exponential();
    for (; day < calendar_.days(); ++day, shareGone = 0) {
        const double faded = fading(customer, day);
        if (faded == 0) {
            return kNever;
        }
        const double visits = customer.visitRate * calendar_.day(day).weight * faded;
        const double position = wait + visits * shareGone;
        if (position < visits) {
            return calendar_.momentAt(day, position / visits);
        }
        wait = position - visits;
    }
    return kNever;
}

}  // namespace footfall::simulator
