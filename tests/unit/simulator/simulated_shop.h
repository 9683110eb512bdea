// Runs the shop simulator in memory, for the tests of its output.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/simulator/row_stream.h"
#include "bench/simulator/shop.h"
#include "bench/simulator/star_schema.h"

namespace footfall::simulator {

class MemorySink final : public Sink {
  public:
    explicit MemorySink(std::string& target) : target_(target) {}
    void write(std::string_view bytes) override { target_ += bytes; }
    void finish() override {}

  private:
    std::string& target_;
};

// A row by column names; NULL is an empty text.
using CsvRow = std::map<std::string, std::string, std::less<>>;

// Knows what the simulator writes: no field holds a comma or a quote.
inline std::vector<CsvRow> parseCsv(const Table& table, std::string_view text) {
    std::vector<CsvRow> rows;
    while (!text.empty()) {
        const size_t lineEnd = text.find('\n');
        std::string_view line = text.substr(0, lineEnd);
        text.remove_prefix(lineEnd + 1);
        CsvRow row;
        for (const Column& column : table.columns) {
            const size_t comma = line.find(',');
            row.emplace(column.name, line.substr(0, comma));
            line.remove_prefix(comma == std::string_view::npos ? line.size() : comma + 1);
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

struct SimulatedShop {
    std::map<std::string, std::string, std::less<>> output;  // by table name
    ShopTotals totals;

    explicit SimulatedShop(const ShopPlan& plan, Format format = Format::csv,
                           bool withStar = true) {
        const auto open = [&](const Table& table) {
            std::string& target = output[std::string(table.name)];
            return std::make_unique<RowStream>(makeEncoder(format, table, false), [&target] {
                return std::make_unique<MemorySink>(target);
            });
        };
        const auto events = open(eventsTable());
        std::unique_ptr<StarSchema> star;
        if (withStar) {
            star = std::make_unique<StarSchema>(open);
        }
        totals = runShop(plan, *events, star.get(), [] {});
        events->finish();
        if (star) {
            star->finish();
        }
    }

    std::vector<CsvRow> rows(const Table& table) const {
        return parseCsv(table, output.find(table.name)->second);
    }
};

}  // namespace footfall::simulator
