// footfall.customer_lifetime_value and footfall.customer_lifetime_parameters: BG/NBD for how often
// customers will buy, Gamma-Gamma for how much they spend (engine/statistics).
//
// Purchases of one day, in the report's time zone, are one; time is counted in weeks from day to
// day. The first purchase is not part of a customer's mean amount. A month has 30 days.
#include "engine/statistics/purchase_model.h"
#include "engine/statistics/spend_model.h"
#include "extension/pg/guard.h"
#include "extension/reports/event_source.h"
#include "extension/reports/horizon.h"
#include "extension/reports/purchase.h"
#include "extension/reports/query_rows.h"

#include <cmath>

namespace footfall::reports {

namespace {

using statistics::PurchaseHistory;
using statistics::Spending;

constexpr int kBatch = 1024;
constexpr double kWeek = 7;
constexpr double kMonth = 30 / kWeek;  // in weeks

struct Customer {
    char* name;
    PurchaseHistory history;  // in weeks
    bool hasMean;
    double mean;  // of repeated purchases

    // Who paid nothing, or got money back, is known to spend as little as one can.
    Spending spending() const {
        return {hasMean ? history.frequency : 0, hasMean ? std::fmax(mean, 0) : 0};
    }
};

struct Models {
    statistics::PurchaseParameters purchases;
    statistics::SpendParameters spending;
    bool hasSpending;
    int64 customers;
    int64 repeated;
};

struct Batch {
    MemoryContext texts;
    int count;
    Customer customers[kBatch];
};

// (customer, frequency, recency in days, age in days, mean amount)
const char* compose(const Arguments& arguments, const EventSource& source) {
    const char* amount = source.amount();
    const TimestampTz until = arguments.time("until", DT_NOEND);
    return psprintf(
        "WITH footfall_days AS (SELECT %s AS customer, pg_catalog.timezone(%s, "
        "%s)::pg_catalog.date AS day, %s AS spent\nFROM %s WHERE %s AND %s AND %s%s GROUP BY 1, "
        "2),\n"
        "footfall_purchases AS (SELECT customer, day, spent, pg_catalog.min(day) OVER (PARTITION "
        "BY "
        "customer) AS first_day FROM footfall_days),\n"
        "footfall_horizon AS MATERIALIZED (SELECT pg_catalog.timezone(%s, "
        "h.last)::pg_catalog.date AS today FROM (%s) h)\n"
        "SELECT customer::pg_catalog.text, pg_catalog.count(*) OPERATOR(pg_catalog.-) "
        "1::pg_catalog.int8, (pg_catalog.max(day) OPERATOR(pg_catalog.-) "
        "pg_catalog.min(day))::pg_catalog.int8, (pg_catalog.min(today) OPERATOR(pg_catalog.-) "
        "pg_catalog.min(day))::pg_catalog.int8, pg_catalog.avg(spent) FILTER (WHERE day "
        "OPERATOR(pg_catalog.>) first_day)\n"
        "FROM footfall_purchases, footfall_horizon GROUP BY customer",
        source.column(Role::Customer), source.zone(), source.time(),
        amount == nullptr ? "NULL::pg_catalog.float8"
                          : psprintf("COALESCE(pg_catalog.sum(%s), 0)::pg_catalog.float8", amount),
        source.from(), source.hasCustomer(),
        source.during(arguments.time("since", DT_NOBEGIN), until),
        purchaseCondition(arguments, source), source.filter(), source.zone(),
        horizonOf(source, until));
}

void readBatch(QueryRows& rows, Batch* batch, bool names) {
    MemoryContextReset(batch->texts);
    MemoryContext previous = MemoryContextSwitchTo(batch->texts);
    batch->count = 0;
    while (batch->count < kBatch && rows.next()) {
        batch->customers[batch->count++] = {
            names ? rows.string(0) : nullptr,
            {static_cast<double>(rows.bigint(1)), static_cast<double>(rows.bigint(2)) / kWeek,
             static_cast<double>(rows.bigint(3)) / kWeek},
            !rows.isNull(4),
            rows.isNull(4) ? 0 : rows.real(4)};
    }
    MemoryContextSwitchTo(previous);
}

Models fit(QueryRows& rows, Batch* batch, double penalizer, bool hasAmount) {
    Models models = {};
    const size_t limit = engineLimit();
    pg::enterEngine([&] {
        std::vector<PurchaseHistory> histories;
        std::vector<Spending> spending;
        do {
            pg::callPostgres([&] { readBatch(rows, batch, false); });
            for (int i = 0; i < batch->count; i++) {
                const Customer& customer = batch->customers[i];
                histories.push_back(customer.history);
                models.repeated += customer.history.frequency > 0;
                if (customer.hasMean && customer.mean > 0) {
                    spending.push_back(customer.spending());
                }
            }
            // A growing vector is there twice; the groups come on top.
            if (histories.size() * 4 * sizeof(PurchaseHistory) > limit) {
                throw base::Error(base::ErrorKind::OutOfMemory,
                                  "%zu customers need more than %zu MB", histories.size(),
                                  limit >> 20)
                    .withHint("Take a part of the customers with filter, or raise work_mem.");
            }
        } while (batch->count == kBatch);
        models.customers = static_cast<int64>(histories.size());
        models.purchases = statistics::fitPurchases(
            statistics::PurchaseHistories(std::move(histories)), penalizer, &pollInterrupts);
        models.hasSpending = hasAmount;
        if (hasAmount) {
            models.spending = statistics::fitSpending(spending, penalizer, &pollInterrupts);
        }
    });
    rows.rewind();
    return models;
}

// What the models expect of a customer.
struct Expectation {
    double alive;
    double purchases;
    double amount;
    double value;
};

void expect(const Batch* batch, const Models& models, int months, double discount,
            Expectation* expectations) {
    const statistics::PurchaseForecast forecast(models.purchases);
    constexpr int kPollEvery = 64;  // with 600 months, a few hundredths of a second
    for (int i = 0; i < batch->count; i++) {
        if (i % kPollEvery == 0) {
            pollInterrupts();
        }
        const Customer& customer = batch->customers[i];
        Expectation& expected = expectations[i];
        expected = {forecast.probabilityAlive(customer.history), 0, 0, 0};
        if (models.hasSpending) {
            expected.amount = statistics::expectedSpend(models.spending, customer.spending());
        }
        double factor = 1;
        for (int month = 1; month <= months; month++) {
            const double purchases = forecast.expectedPurchases(customer.history, month * kMonth);
            factor /= 1 + discount;
            expected.value += (purchases - expected.purchases) * expected.amount * factor;
            expected.purchases = purchases;
        }
    }
}

void computeValue(const Arguments& arguments, ReturnSetInfo* result) {
    const EventSource source(arguments);
    const int months = arguments.number("months", 1, 600, 12);
    const double discount = arguments.real("discount_rate", 0, 10, 0.01);
    QueryRows rows(compose(arguments, source), {TEXTOID, INT8OID, INT8OID, INT8OID, FLOAT8OID});
    if (rows.count() > 0) {
        auto* batch = static_cast<Batch*>(palloc(sizeof(Batch)));
        auto* expectations = static_cast<Expectation*>(palloc(sizeof(Expectation) * kBatch));
        batch->texts = AllocSetContextCreate(CurrentMemoryContext, "footfall customers",
                                             ALLOCSET_DEFAULT_SIZES);
        const Models models =
            fit(rows, batch, arguments.real("penalizer", 0, 1e6, 0), source.amount() != nullptr);
        do {
            readBatch(rows, batch, true);
            pg::enterEngine([&] { expect(batch, models, months, discount, expectations); });
            MemoryContext previous = MemoryContextSwitchTo(batch->texts);
            for (int i = 0; i < batch->count; i++) {
                const Customer& customer = batch->customers[i];
                const Expectation& expected = expectations[i];
                const bool noAmount = !models.hasSpending || std::isnan(expected.amount);
                Datum values[9] = {CStringGetTextDatum(customer.name),
                                   Int64GetDatum(static_cast<int64>(customer.history.frequency)),
                                   Int64GetDatum(std::llround(customer.history.recency * kWeek)),
                                   Int64GetDatum(std::llround(customer.history.age * kWeek)),
                                   Float8GetDatum(customer.mean),
                                   Float8GetDatum(expected.alive),
                                   Float8GetDatum(expected.purchases),
                                   Float8GetDatum(expected.amount),
                                   Float8GetDatum(expected.value)};
                bool nulls[9] = {};
                nulls[4] = !customer.hasMean;
                nulls[7] = nulls[8] = noAmount;
                tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
            }
            MemoryContextSwitchTo(previous);
        } while (batch->count == kBatch);
        MemoryContextDelete(batch->texts);
    }
    rows.end();
}

void putParameter(ReturnSetInfo* result, const char* name, double value) {
    Datum values[2] = {CStringGetTextDatum(name), Float8GetDatum(value)};
    bool nulls[2] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

void computeParameters(const Arguments& arguments, ReturnSetInfo* result) {
    const EventSource source(arguments);
    QueryRows rows(compose(arguments, source), {TEXTOID, INT8OID, INT8OID, INT8OID, FLOAT8OID});
    if (rows.count() > 0) {
        auto* batch = static_cast<Batch*>(palloc(sizeof(Batch)));
        batch->texts = AllocSetContextCreate(CurrentMemoryContext, "footfall customers",
                                             ALLOCSET_DEFAULT_SIZES);
        const Models models =
            fit(rows, batch, arguments.real("penalizer", 0, 1e6, 0), source.amount() != nullptr);
        putParameter(result, "customers", static_cast<double>(models.customers));
        putParameter(result, "repeated_customers", static_cast<double>(models.repeated));
        putParameter(result, "r", models.purchases.r);
        putParameter(result, "alpha", models.purchases.alpha);
        putParameter(result, "a", models.purchases.a);
        putParameter(result, "b", models.purchases.b);
        if (models.hasSpending) {
            putParameter(result, "p", models.spending.p);
            putParameter(result, "q", models.spending.q);
            putParameter(result, "v", models.spending.v);
        }
        MemoryContextDelete(batch->texts);
    }
    rows.end();
}

}  // namespace

}  // namespace footfall::reports

extern "C" {
PG_FUNCTION_INFO_V1(footfall_customer_lifetime_value);
PG_FUNCTION_INFO_V1(footfall_customer_lifetime_parameters);

PGDLLEXPORT Datum footfall_customer_lifetime_value(PG_FUNCTION_ARGS) {
    return footfall::reports::runComputedReport(fcinfo, footfall::reports::computeValue);
}

PGDLLEXPORT Datum footfall_customer_lifetime_parameters(PG_FUNCTION_ARGS) {
    return footfall::reports::runComputedReport(fcinfo, footfall::reports::computeParameters);
}
}
