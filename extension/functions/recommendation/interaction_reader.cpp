// See interaction_reader.h.
#include "extension/functions/recommendation/interaction_reader.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <unordered_map>

#include "engine/base/error.h"
#include "extension/pg/guard.h"
#include "extension/reports/query_rows.h"

namespace footfall::functions {

using recommendation::Algorithm;
using recommendation::Interaction;
using recommendation::Interactions;

namespace {

constexpr int kBatch = 1024;

// Rows on their way into the engine.
struct Batch {
    MemoryContext texts;
    int count;
    const char* customers[kBatch];
    const char* products[kBatch];
    double before[kBatch];
    double later[kBatch];
    uint32 bought[kBatch];
};

void readBatch(reports::QueryRows* rows, Batch* batch) {
    MemoryContextReset(batch->texts);
    MemoryContext previous = MemoryContextSwitchTo(batch->texts);
    batch->count = 0;
    while (batch->count < kBatch && rows->next()) {
        const int i = batch->count++;
        batch->customers[i] = rows->string(0);
        batch->products[i] = rows->string(1);
        batch->before[i] = rows->real(2);
        batch->later[i] = rows->real(3);
        batch->bought[i] = (rows->flag(4) ? Interaction::kBoughtBefore : 0) |
                           (rows->flag(5) ? Interaction::kBoughtLater : 0);
    }
    MemoryContextSwitchTo(previous);
}

class Reader {
  public:
    Reader(const recommendation::Options& options, uint32_t threads)
        : options_(options), threads_(threads) {
        constexpr size_t kBeyond = size_t{240} << 20;
        limit_ = static_cast<size_t>(maintenance_work_mem) * 1024 + kBeyond;
    }

    void add(const Batch& batch) {
        for (int i = 0; i < batch.count; i++)
            addRow(batch, i);
        requireRoom();
    }

    Interactions take() {
        endCustomer();
        if (interactions_.entries.empty())
            base::throwBadArgument("there are no events to learn from");
        sortProducts();
        return std::move(interactions_);
    }

  private:
    void addRow(const Batch& batch, int i) {
        const std::string_view customer = batch.customers[i];
        if (!any_ || customer != customer_) {
            endCustomer();
            any_ = true;
            customer_ = customer;
            interactions_.customerIds.add(customer);
        }
        const auto [place, fresh] =
            products_.try_emplace(batch.products[i], static_cast<uint32_t>(products_.size()));
        if (fresh)
            nameBytes_ += place->first.size();
        Interaction entry;
        entry.product = place->second;
        entry.before = weight(batch, i, batch.before[i]);
        entry.later = weight(batch, i, batch.later[i]);
        entry.bought = batch.bought[i];
        auto& entries = interactions_.entries;
        // Values that differ may have one text.
        if (entries.size() > interactions_.starts.back() &&
            entries.back().product == entry.product) {
            entries.back().before += entry.before;
            entries.back().later += entry.later;
            entries.back().bought |= entry.bought;
        } else {
            entries.push_back(entry);
        }
    }

    static float weight(const Batch& batch, int i, double weight) {
        constexpr double kMost = 1e12;
        if (!(weight <= kMost)) {
            throw base::Error(base::ErrorKind::BadArgument,
                              "the events of customer \"%.60s\" with product \"%.60s\" weigh %g",
                              batch.customers[i], batch.products[i], weight)
                .withHint("Weights are at most %g.", kMost);
        }
        return static_cast<float>(weight);
    }

    void endCustomer() {
        if (any_)
            interactions_.starts.push_back(interactions_.entries.size());
    }

    // What the worker will hold: interactions, twice as matrices, names, and what is learnt, which
    // is there twice when it is handed over; and of each thread what it sums up by product.
    void requireRoom() const {
        constexpr size_t kPerThreadAndProduct = 32;
        constexpr size_t kPerEntry = sizeof(Interaction) + 40;
        const size_t products = products_.size();
        const size_t customers = interactions_.customerIds.size();
        const size_t learnt =
            options_.algorithm == Algorithm::Als
                ? (customers + products) * static_cast<size_t>(options_.factors) * sizeof(float)
                : products * static_cast<size_t>(options_.neighbors) * 2 * sizeof(uint32_t);
        const size_t names = nameBytes_ + interactions_.customerIds.bytes() + products * 80;
        const size_t wanted = interactions_.entries.size() * kPerEntry + 3 * learnt + 3 * names +
                              threads_ * products * kPerThreadAndProduct;
        if (wanted <= limit_)
            return;
        throw base::Error(base::ErrorKind::OutOfMemory,
                          "learning from these events takes more memory than there may be")
            .withDetail("%zu customers and %zu products so far take %zu MB of %zu MB.", customers,
                        products, wanted >> 20, limit_ >> 20)
            .withHint(
                "Increase maintenance_work_mem, leave out customers or products with few events "
                "(filter, or a query), or ask for fewer factors or neighbors.");
    }

    // Products were numbered as they came; their order is that of their names.
    void sortProducts() {
        std::vector<std::string_view> names(products_.size());
        for (const auto& [name, number] : products_)
            names[number] = name;
        std::vector<uint32_t> order(names.size());
        std::iota(order.begin(), order.end(), 0U);
        std::ranges::sort(order, [&](uint32_t a, uint32_t b) { return names[a] < names[b]; });
        std::vector<uint32_t> place(names.size());
        for (uint32_t i = 0; i < order.size(); i++) {
            place[order[i]] = i;
            interactions_.productIds.add(names[order[i]]);
        }
        for (Interaction& entry : interactions_.entries)
            entry.product = place[entry.product];
    }

    const recommendation::Options& options_;
    size_t threads_ = 1;
    size_t limit_ = 0;
    Interactions interactions_;
    bool any_ = false;
    std::string customer_;
    std::unordered_map<std::string, uint32_t> products_;
    size_t nameBytes_ = 0;
};

}  // namespace

Interactions readInteractions(const char* query, const recommendation::Options& options,
                              uint32_t threads) {
    Reader reader(options, threads);
    reports::QueryRows* rows = nullptr;
    Batch* batch = nullptr;
    pg::callPostgres([&] {
        void* place = palloc(sizeof(reports::QueryRows));
        rows = new (place)
            reports::QueryRows(query, {TEXTOID, TEXTOID, FLOAT8OID, FLOAT8OID, BOOLOID, BOOLOID});
        batch = static_cast<Batch*>(palloc(sizeof(Batch)));
        batch->texts =
            AllocSetContextCreate(CurrentMemoryContext, "interactions", ALLOCSET_DEFAULT_SIZES);
    });
    do {
        pg::callPostgres([&] { readBatch(rows, batch); });
        reader.add(*batch);
    } while (batch->count > 0);
    pg::callPostgres([&] {
        rows->end();
        MemoryContextDelete(batch->texts);
    });
    return reader.take();
}

}  // namespace footfall::functions
