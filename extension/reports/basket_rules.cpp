// footfall.basket_rules: what is bought together.
//
// The query lists the different items of each basket, basket after basket; the engine counts.
#include "engine/statistics/association_rules.h"
#include "extension/pg/guard.h"
#include "extension/reports/event_source.h"
#include "extension/reports/purchase.h"
#include "extension/reports/query_rows.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>

namespace footfall::reports {

namespace {

using statistics::AssociationRule;
using statistics::AssociationRules;

constexpr int kMaxItems = 8;
constexpr int kBatch = 1024;
// Of the memory, one part in so many is for the items' names.
constexpr size_t kNamesShare = 4;

const char* basketOf(const Arguments& arguments, const EventSource& source) {
    const char* expression = arguments.string("basket");
    if (expression != nullptr) {
        return source.expressionAsText("basket", expression);
    }
    return source.column(source.has(Role::Order) || !source.has(Role::Session) ? Role::Order
                                                                               : Role::Session);
}

// (basket, item), basket after basket; baskets are numbers.
const char* compose(const Arguments& arguments) {
    const EventSource source(arguments);
    const char* expression = arguments.string("item");
    const char* item = expression != nullptr
                           ? source.expressionAsText("item", expression)
                           : psprintf("%s::pg_catalog.text", source.column(Role::Product));
    return psprintf(
        "SELECT pg_catalog.dense_rank() OVER (ORDER BY basket) AS number, item::pg_catalog.text\n"
        "FROM (SELECT %s AS basket, %s COLLATE pg_catalog.\"C\" AS item FROM %s WHERE %s AND "
        "%s%s GROUP BY 1, 2) b\n"
        "WHERE basket IS NOT NULL AND item IS NOT NULL ORDER BY number",
        basketOf(arguments, source), item, source.from(),
        source.during(arguments.time("since", DT_NOBEGIN), arguments.time("until", DT_NOEND)),
        purchaseCondition(arguments, source), source.filter());
}

// Rows on their way into the engine.
struct Batch {
    MemoryContext texts;
    int count;
    int64 baskets[kBatch];
    std::string_view items[kBatch];
};

void readBatch(QueryRows& rows, Batch* batch) {
    MemoryContextReset(batch->texts);
    MemoryContext previous = MemoryContextSwitchTo(batch->texts);
    batch->count = 0;
    while (batch->count < kBatch && rows.next()) {
        batch->baskets[batch->count] = rows.bigint(0);
        batch->items[batch->count++] = rows.string(1);
    }
    MemoryContextSwitchTo(previous);
}

// The items' names, and the baskets of their numbers.
class Baskets {
  public:
    Baskets(AssociationRules* rules, size_t limit) : rules_(rules), limit_(limit) {}

    void add(const Batch& batch) {
        for (int i = 0; i < batch.count; i++) {
            if (batch.baskets[i] != basket_) {
                finish();
                basket_ = batch.baskets[i];
            }
            items_.push_back(numberOf(batch.items[i]));
        }
    }
    void finish() {
        if (!items_.empty()) {
            rules_->addBasket(items_);
        }
        items_.clear();
    }
    const std::string& name(uint32_t item) const { return *names_[item]; }

  private:
    uint32_t numberOf(std::string_view name) {
        const auto [place, fresh] =
            numbers_.emplace(std::string(name), static_cast<uint32_t>(names_.size()));
        if (fresh) {
            constexpr size_t kOverhead = 96;  // a node of the map, and its place in both tables
            bytes_ += name.size() + kOverhead;
            if (bytes_ > limit_) {
                throw base::Error(base::ErrorKind::OutOfMemory,
                                  "the items' names need more than %zu MB", limit_ >> 20)
                    .withHint("Choose coarser items, for example the category of a product.");
            }
            names_.push_back(&place->first);
        }
        return place->second;
    }

    AssociationRules* rules_;
    size_t limit_;
    size_t bytes_ = 0;
    int64 basket_ = 0;  // numbers begin with 1
    std::vector<uint32_t> items_;
    std::unordered_map<std::string, uint32_t> numbers_;
    std::vector<const std::string*> names_;
};

// A rule as the report has it.
struct NamedRule {
    std::string antecedent;
    std::string consequent;
    uint64 baskets;
    double support;
    double confidence;
    double lift;
};

NamedRule named(const AssociationRule& rule, const Baskets& names, uint64 baskets) {
    std::vector<std::string_view> items;
    for (const uint32_t item : rule.antecedent) {
        items.emplace_back(names.name(item));
    }
    std::ranges::sort(items);
    NamedRule result;
    for (const std::string_view item : items) {
        result.antecedent.append(result.antecedent.empty() ? "" : " + ").append(item);
    }
    result.consequent = names.name(rule.consequent);
    const auto all = static_cast<double>(baskets);
    const auto together = static_cast<double>(rule.baskets);
    const auto antecedent = static_cast<double>(rule.antecedentBaskets);
    const auto consequent = static_cast<double>(rule.consequentBaskets);
    result.baskets = rule.baskets;
    result.support = together / all;
    result.confidence = together / antecedent;
    result.lift = together * all / (antecedent * consequent);
    return result;
}

// Owns nothing that an ERROR would leave behind.
void putRules(const std::vector<NamedRule>& rules, ReturnSetInfo* result) {
    for (const NamedRule& rule : rules) {
        Datum antecedent = PointerGetDatum(cstring_to_text_with_len(
            rule.antecedent.data(), static_cast<int>(rule.antecedent.size())));
        Datum consequent = PointerGetDatum(cstring_to_text_with_len(
            rule.consequent.data(), static_cast<int>(rule.consequent.size())));
        Datum values[6] = {antecedent,
                           consequent,
                           Int64GetDatum(static_cast<int64>(rule.baskets)),
                           Float8GetDatum(rule.support),
                           Float8GetDatum(rule.confidence),
                           Float8GetDatum(rule.lift)};
        bool nulls[6] = {};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
        pfree(DatumGetPointer(antecedent));
        pfree(DatumGetPointer(consequent));
    }
}

void compute(const Arguments& arguments, ReturnSetInfo* result) {
    const double minSupport = arguments.real("min_support", 0, 1, 0.01);
    statistics::RuleBounds bounds = {};
    bounds.minConfidence = arguments.real("min_confidence", 0, 1, 0);
    bounds.maxItems = static_cast<uint32>(arguments.number("max_items", 2, kMaxItems, 2));
    QueryRows rows(compose(arguments), {INT8OID, TEXTOID});
    auto* batch = static_cast<Batch*>(palloc(sizeof(Batch)));
    batch->texts =
        AllocSetContextCreate(CurrentMemoryContext, "footfall baskets", ALLOCSET_DEFAULT_SIZES);
    const size_t limit = engineLimit();
    pg::enterEngine([&] {
        AssociationRules rules(limit - limit / kNamesShare);
        Baskets baskets(&rules, limit / kNamesShare);
        do {
            pg::callPostgres([&] { readBatch(rows, batch); });
            baskets.add(*batch);
        } while (batch->count == kBatch);
        baskets.finish();
        const uint64 all = rules.baskets();
        bounds.minBaskets =
            static_cast<uint64>(std::ceil(minSupport * static_cast<double>(all) * (1 - 1e-12)));
        std::vector<NamedRule> found;
        const auto flush = [&] {
            pg::callPostgres([&] { putRules(found, result); });
            found.clear();
        };
        rules.mine(bounds, &pollInterrupts, [&](const AssociationRule& rule) {
            found.push_back(named(rule, baskets, all));
            if (found.size() == kBatch) {
                flush();
            }
        });
        flush();
    });
    rows.end();
    MemoryContextDelete(batch->texts);
}

}  // namespace

}  // namespace footfall::reports

extern "C" {
PG_FUNCTION_INFO_V1(footfall_basket_rules);

PGDLLEXPORT Datum footfall_basket_rules(PG_FUNCTION_ARGS) {
    return footfall::reports::runComputedReport(fcinfo, footfall::reports::compute);
}
}
