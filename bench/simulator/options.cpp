#include "bench/simulator/options.h"

#include <charconv>
#include <cstdio>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include "bench/simulator/civil_date.h"

namespace footfall::simulator {

namespace {

template <class Number>
Number parseNumber(std::string_view option, std::string_view text, Number least, Number most) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
        throw std::invalid_argument(
            fmt::format("{} wants a number from {} to {}, not \"{}\"", option, least, most, text));
    }
    return value;
}

int64_t parseDate(std::string_view option, const std::string& text) {
    CivilDate date{};
    char rest = 0;
    if (std::sscanf(text.c_str(), "%d-%d-%d%c", &date.year, &date.month, &date.day, &rest) != 3 ||
        date.year < 1970 || date.year > 9000 || date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > 31 || civilDate(daysSinceEpoch(date)).day != date.day) {
        throw std::invalid_argument(
            fmt::format("{} wants a date like 2026-01-31, not \"{}\"", option, text));
    }
    return daysSinceEpoch(date);
}

Format parseFormat(std::string_view text) {
    if (text == "csv") {
        return Format::csv;
    }
    if (text == "jsonl") {
        return Format::jsonLines;
    }
    if (text == "copy") {
        return Format::binaryCopy;
    }
    throw std::invalid_argument(fmt::format("--format is csv, jsonl or copy, not \"{}\"", text));
}

std::string oneOf(std::string_view option, const std::string& text,
                  std::initializer_list<std::string_view> choices) {
    std::string list;
    for (std::string_view choice : choices) {
        if (choice == text) {
            return text;
        }
        list += fmt::format("{}{}", list.empty() ? "" : ", ", choice);
    }
    throw std::invalid_argument(fmt::format("{} is one of {}, not \"{}\"", option, list, text));
}

}  // namespace

std::string helpText() {
    return R"(shop_simulator: the event log of an online shop, the same for the same seed.

  shop_simulator --events 1000000 --output events.csv
  shop_simulator --events 1000000 --format jsonl --star dimensions/
  shop_simulator --format copy --connect 'dbname=shop' --create footfall --star public
  shop_simulator --schema footfall | psql shop

What is simulated
  --events N        rows of the event log                                    (1000000)
  --seed S          another seed, another log                                (7)
  --days D          time the events are spread over; the log ends about then (90)
  --start DATE      its first day, UTC                                       (2026-01-01)
  --customers N     (one for every 30 events, 20 at least, 1000000 at most)
  --products N      (5000)

Where it goes
  --format FORMAT   csv, jsonl (one JSON object a line) or copy (binary COPY)  (csv)
  --output FILE     for csv and jsonl; - is standard output                  (-)
  --no-header       csv without the line of column names
  --connect PARAMS  for copy: connection parameters as libpq takes them
                    (also when empty: the PG... variables)
  --table NAME      for copy: the table to fill                              (events)
  --create METHOD   for copy: create the tables first, the log USING this
                    access method: footfall or heap
  --star WHERE      also write orders_fact, customers_dim, products_dim,
                    payments_dim and churn_truth: into this directory, or for
                    copy into this schema
  --rate R          events a second, 0 is as fast as possible; with a rate,
                    copy commits every second                                (0)

  --schema WHAT     print SQL and end: footfall or heap for the event log,
                    star for the tables around it
  --quiet           no summary on standard error
  --help
)";
}

Options parseOptions(int argc, char** argv) {
    Options options;
    options.plan.firstDay = daysSinceEpoch({2026, 1, 1});
    for (int position = 1; position < argc; ++position) {
        std::string option = argv[position];
        std::string attached;
        bool hasAttached = false;
        if (const size_t equals = option.find('='); equals != std::string::npos) {
            attached = option.substr(equals + 1);
            option.resize(equals);
            hasAttached = true;
        }
        const auto value = [&]() -> std::string {
            if (hasAttached) {
                return attached;
            }
            if (position + 1 >= argc) {
                throw std::invalid_argument(fmt::format("{} wants a value", option));
            }
            return argv[++position];
        };
        if (option == "--events") {
            options.plan.events = parseNumber<int64_t>(option, value(), 1, 1'000'000'000'000);
        } else if (option == "--seed") {
            options.plan.seed = parseNumber<uint64_t>(option, value(), 0, UINT64_MAX);
        } else if (option == "--days") {
            options.plan.days = parseNumber<int>(option, value(), 1, 10'000);
        } else if (option == "--start") {
            options.plan.firstDay = parseDate(option, value());
        } else if (option == "--customers") {
            options.plan.customers = parseNumber<uint32_t>(option, value(), 1, 100'000'000);
        } else if (option == "--products") {
            options.plan.products = parseNumber<int>(option, value(), 1, 10'000'000);
        } else if (option == "--format") {
            options.format = parseFormat(value());
        } else if (option == "--output") {
            options.output = value();
        } else if (option == "--no-header") {
            options.header = false;
        } else if (option == "--connect") {
            options.connection = value();
        } else if (option == "--table") {
            options.table = value();
        } else if (option == "--create") {
            options.create = oneOf(option, value(), {"footfall", "heap"});
        } else if (option == "--star") {
            options.star = value();
        } else if (option == "--rate") {
            options.plan.eventsPerSecond = parseNumber<double>(option, value(), 0, 1e9);
        } else if (option == "--schema") {
            options.printSchema = oneOf(option, value(), {"footfall", "heap", "star"});
        } else if (option == "--quiet") {
            options.quiet = true;
        } else if (option == "--help" || option == "-h") {
            options.help = true;
        } else {
            throw std::invalid_argument(
                fmt::format("unknown option {}; --help lists what there is", option));
        }
    }
    if (!options.create.empty() && options.format != Format::binaryCopy) {
        throw std::invalid_argument("--create needs --format copy");
    }
    return options;
}

}  // namespace footfall::simulator
