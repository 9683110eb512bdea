// shop_simulator: see --help. Exit codes: 0 done, 1 failed on the way, 2 wrong command line.
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "bench/simulator/options.h"
#include "bench/simulator/row_stream.h"
#include "bench/simulator/shop.h"
#include "bench/simulator/star_schema.h"
#include "bench/simulator/text_value.h"

namespace {

using namespace footfall::simulator;

std::string starPlace(const Options& options, const Table& table) {
    if (options.format == Format::binaryCopy) {
        return fmt::format("{}.{}", options.star, table.name);
    }
    const std::string_view suffix = options.format == Format::csv ? "csv" : "jsonl";
    return fmt::format("{}/{}.{}", options.star, table.name, suffix);
}

std::unique_ptr<RowStream> openStream(const Options& options, const Table& table,
                                      const std::string& place) {
    return std::make_unique<RowStream>(
        makeEncoder(options.format, table, options.header), [&options, place] {
            return options.format == Format::binaryCopy ? openCopySink(options.connection, place)
                                                        : openFileSink(place);
        });
}

void prepare(const Options& options) {
    if (options.format != Format::binaryCopy) {
        if (!options.star.empty()) {
            std::filesystem::create_directories(options.star);
        }
        return;
    }
    if (!options.create.empty()) {
        std::string sql = eventsSchemaSql(options.table, options.create);
        if (!options.star.empty()) {
            sql += starSchemaSql(options.star);
        }
        executeSql(options.connection, sql);
    }
}

std::string day(int64_t millis) {
    std::string text;
    TimestampWriter().appendDate(text, millis / kMillisPerDay);
    return text;
}

void simulate(const Options& options) {
    prepare(options);
    const std::string place = options.format == Format::binaryCopy ? options.table : options.output;
    const auto started = std::chrono::steady_clock::now();
    const auto events = openStream(options, eventsTable(), place);
    std::unique_ptr<StarSchema> star;
    if (!options.star.empty()) {
        star = std::make_unique<StarSchema>([&options](const Table& table) {
            return openStream(options, table, starPlace(options, table));
        });
    }
    const ShopTotals totals = runShop(options.plan, *events, star.get(), [&] {
        events->commit();
        if (star) {
            star->commit();
        }
    });
    events->finish();
    if (star) {
        star->finish();
    }
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    if (!options.quiet) {
        fmt::print(stderr,
                   "{} events of {} customers in {} visits, {} to {}; {} orders worth {}.{:02}; "
                   "{:.2f} s, {:.0f} events/s\n",
                   totals.events, totals.customers, totals.visits, day(totals.firstMillis),
                   day(totals.lastMillis), totals.orders, totals.paidCents / 100,
                   totals.paidCents % 100, seconds, static_cast<double>(totals.events) / seconds);
    }
}

int complain(const std::exception& error, int exitCode) {
    std::fprintf(stderr, "shop_simulator: %s\n", error.what());
    return exitCode;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const Options options = parseOptions(argc, argv);
        if (options.help) {
            fmt::print("{}", helpText());
        } else if (options.printSchema == "star") {
            fmt::print("{}", starSchemaSql({}));
        } else if (!options.printSchema.empty()) {
            fmt::print("{}", eventsSchemaSql(options.table, options.printSchema));
        } else {
            simulate(options);
        }
    } catch (const std::invalid_argument& error) {
        return complain(error, 2);
    } catch (const std::exception& error) {
        return complain(error, 1);
    }
    return 0;
}
