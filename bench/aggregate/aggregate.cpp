// Queries of an analyst on segments in memory: decoding, filters, groups, sums.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "bench/codecs/event_log.h"
#include "engine/aggregate/aggregation.h"
#include "engine/scan/segment_column.h"
#include "engine/segment/segment_encoder.h"
#include "engine/segment/segment_reader.h"
#include "engine/segment/sort_permutation.h"

namespace footfall::bench {
namespace {

using aggregate::AggregateSpec;
using aggregate::Function;
using scan::Expression;
using scan::ExpressionBuilder;
using scan::Operator;
using vector::ColumnType;
using vector::Kind;

enum Field : uint32_t {
    kTs,
    kCustomer,
    kSession,
    kEventType,
    kProduct,
    kCategory,
    kBrand,
    kPrice,
    kQuantity,
    kCountry,
    kDevice
};

constexpr int64_t kHour = 3600LL * 1000000;

std::pmr::memory_resource* heap() {
    return std::pmr::new_delete_resource();
}

class MemoryChunks final : public segment::ChunkSource {
  public:
    explicit MemoryChunks(const segment::EncodedSegment& segment) : segment_(segment) {}
    void fetch(uint32_t column, uint32_t offset, std::span<std::byte> into) override {
        std::memcpy(into.data(), segment_.chunks[column].data() + offset, into.size());
    }
    void fetchIndex(uint32_t offset, std::span<std::byte> into) override {
        std::memcpy(into.data(), segment_.index.data() + offset, into.size());
    }

  private:
    const segment::EncodedSegment& segment_;
};

class SegmentBatch final : public scan::Batch {
  public:
    explicit SegmentBatch(size_t columns) {
        for (size_t i = 0; i < columns; ++i)
            columns_.emplace_back(heap());
    }
    void moveTo(segment::SegmentReader& reader, uint32_t first, uint32_t rows) {
        reader_ = &reader;
        first_ = first;
        rows_ = rows;
        for (scan::SegmentColumn& column : columns_)
            column.forget();
    }
    const vector::Block& column(uint32_t index) override {
        columns_[index].loadWhole(*reader_, index, first_, rows_);
        return columns_[index].block();
    }
    const vector::Block& columnFor(uint32_t index, const scan::Selection& selection) override {
        columns_[index].load(*reader_, index, first_, rows_, selection);
        return columns_[index].block();
    }
    const vector::Runs* runs(uint32_t index) override {
        return columns_[index].runs(*reader_, index, first_, rows_);
    }

  private:
    segment::SegmentReader* reader_ = nullptr;
    uint32_t first_ = 0;
    std::deque<scan::SegmentColumn> columns_;
};

// 0: the hour, 1: the day of a timestamp.
class Truncation final : public scan::ForeignFunctions {
  public:
    void evaluate(uint32_t id, std::span<const vector::Block* const> arguments,
                  std::span<const uint16_t> rows, vector::Column& out) override {
        const int64_t width = id == 0 ? kHour : 24 * kHour;
        for (const uint16_t row : rows) {
            const int64_t value =
                arguments[0]->holder().values<int64_t>()[arguments[0]->holderRow(row)];
            out.append<int64_t>(value - value % width);
        }
    }
};

struct Query {
    Query() : builder(heap()) {}
    const Expression* column(Field field, Kind kind) {
        return builder.column(field, ColumnType::of(kind));
    }
    const Expression* is(Field field, const char* text) {
        vector::Column value(ColumnType::bytes(vector::Content::Text), heap());
        value.appendBytes(std::string_view(text));
        const Expression* arguments[] = {
            builder.column(field, ColumnType::bytes(vector::Content::Text)),
            builder.constant(std::move(value))};
        return builder.call(Operator::Equal, ColumnType::of(Kind::Bool), arguments);
    }
    const Expression* timeCompares(Operator op, int64_t value) {
        vector::Column constant(ColumnType::of(Kind::Int64), heap());
        constant.append<int64_t>(value);
        const Expression* arguments[] = {column(kTs, Kind::Int64),
                                         builder.constant(std::move(constant))};
        return builder.call(op, ColumnType::of(Kind::Bool), arguments);
    }
    const Expression* truncated(uint32_t function) {
        return builder.step(function, ColumnType::of(Kind::Int64), column(kTs, Kind::Int64),
                            kHour / 4);
    }
    const Expression* amount() {
        const Expression* quantity = column(kQuantity, Kind::Int16);
        const ColumnType real = ColumnType::of(Kind::Float64);
        const Expression* arguments[] = {column(kPrice, Kind::Float64),
                                         builder.call(Operator::Cast, real, {&quantity, 1})};
        return builder.call(Operator::Multiply, real, arguments);
    }
    const Expression* text(Field field) {
        return builder.column(field, ColumnType::bytes(vector::Content::Text));
    }
    AggregateSpec& add(Function function, const Expression* argument = nullptr) {
        AggregateSpec spec;
        spec.function = function;
        spec.argument = argument;
        return aggregates.emplace_back(spec);
    }

    ExpressionBuilder builder;
    std::vector<const Expression*> filters;
    std::vector<const Expression*> keys;
    std::deque<AggregateSpec> aggregates;
};

struct Named {
    const char* name;
    std::function<void(Query&)> build;
};

std::vector<Named> queries() {
    constexpr int64_t kStart = 820454400LL * 1000000;  // 2026-01-01
    return {
        {"01_kpi",
         [](Query& q) {
             q.filters = {q.is(kEventType, "purchase")};
             q.add(Function::CountRows);
             const Expression* amount = q.amount();
             q.add(Function::Sum, amount);
             q.add(Function::Average, amount);
             q.add(Function::Count, q.column(kCustomer, Kind::Int64)).distinct = true;
         }},
        {"02_hourly",
         [](Query& q) {
             q.keys = {q.truncated(0), q.text(kEventType)};
             q.add(Function::CountRows);
             q.add(Function::Sum, q.amount());
         }},
        {"03_top_products",
         [](Query& q) {
             q.filters = {q.is(kEventType, "purchase"),
                          q.timeCompares(Operator::GreaterEqual, kStart + 21 * 24 * kHour)};
             q.keys = {q.column(kProduct, Kind::Int32)};
             q.add(Function::Sum, q.amount());
         }},
        {"04_count_filter",
         [](Query& q) {
             q.filters = {q.is(kCountry, "DE"), q.is(kDevice, "mobile")};
             q.add(Function::CountRows);
             q.add(Function::Sum, q.column(kPrice, Kind::Float64));
         }},
        {"06_range_hour",
         [](Query& q) {
             q.filters = {q.timeCompares(Operator::GreaterEqual, kStart + (16 * 24 + 18) * kHour),
                          q.timeCompares(Operator::Less, kStart + (16 * 24 + 19) * kHour)};
             q.keys = {q.text(kEventType)};
             q.add(Function::CountRows);
             q.add(Function::Sum, q.column(kPrice, Kind::Float64));
         }},
        {"10_features",
         [](Query& q) {
             q.keys = {q.column(kCustomer, Kind::Int64)};
             q.add(Function::CountRows);
             q.add(Function::CountRows).filter = q.is(kEventType, "purchase");
             q.add(Function::Sum, q.amount()).filter = q.is(kEventType, "purchase");
             q.add(Function::Max, q.column(kTs, Kind::Int64));
             q.add(Function::Count, q.column(kProduct, Kind::Int32)).distinct = true;
             q.add(Function::Count, q.truncated(1)).distinct = true;
         }},
        {"11_daily_uniques",
         [](Query& q) {
             q.keys = {q.truncated(1)};
             q.add(Function::Count, q.column(kCustomer, Kind::Int64)).distinct = true;
         }},
    };
}

double processorSeconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

uint32_t run(const Named& named, const std::vector<segment::EncodedSegment>& segments) {
    Query query;
    named.build(query);
    const std::vector<AggregateSpec> aggregates(query.aggregates.begin(), query.aggregates.end());
    Truncation truncation;
    scan::Evaluator evaluator(query.builder, &truncation, heap());
    aggregate::Aggregation aggregation({query.filters, query.keys, aggregates}, &evaluator, nullptr,
                                       0, heap());
    SegmentBatch batch(segments[0].chunks.size());
    scan::Selection selection;
    for (const segment::EncodedSegment& segment : segments) {
        MemoryChunks chunks(segment);
        segment::SegmentReader reader(segment.meta, chunks, heap());
        const uint32_t rows = segment.meta.rows();
        for (uint32_t first = 0; first < rows; first += segment::kBlockRows) {
            batch.moveTo(reader, first, std::min(segment::kBlockRows, rows - first));
            selection.selectAll(batch.rows());
            aggregation.consume(batch, selection);
        }
    }
    aggregation.finish();
    return aggregation.nextGroups() ? aggregation.groups() : 0;
}

// Sorted by (customer, ts), encoded as compaction does.
std::vector<segment::EncodedSegment> encode(const EventLog& log) {
    const std::vector<uint32_t> keys = {kCustomerColumn, kTimeColumn};
    const auto order = segment::sortPermutation(log.columns, keys, heap());
    segment::EncodeOptions options;
    options.effort = 2;
    options.sortKeys = keys;
    std::vector<segment::EncodedSegment> segments;
    for (size_t row = 0; row < order.size(); row += segment::kMaxRows) {
        const size_t count = std::min<size_t>(segment::kMaxRows, order.size() - row);
        std::vector<vector::Column> columns;
        for (const vector::Column& column : log.columns)
            columns.push_back(column.gather(std::span(order).subspan(row, count), heap()));
        segments.push_back(segment::encodeSegment(columns, options, heap()));
    }
    return segments;
}

}  // namespace
}  // namespace footfall::bench

int main(int argc, char** argv) {
    using namespace footfall::bench;
    if (argc < 3) {
        std::fprintf(stderr, "usage: aggregate EVENTS.csv ROWS [QUERY [TIMES]]\n");
        return 2;
    }
    try {
        const EventLog log = readEventLog(argv[1], static_cast<uint32_t>(std::atoll(argv[2])));
        const auto rows = static_cast<double>(log.columns[0].size());
        const auto segments = encode(log);
        const int times = argc > 4 ? std::atoi(argv[4]) : 5;
        for (const Named& named : queries()) {
            if (argc > 3 && std::string(named.name).find(argv[3]) == std::string::npos)
                continue;
            double best = 1e9;
            uint32_t groups = 0;
            for (int i = 0; i < times; ++i) {
                const double start = processorSeconds();
                groups = run(named, segments);
                best = std::min(best, processorSeconds() - start);
            }
            std::printf("%-16s %8.2f ns/row %10u groups\n", named.name, best / rows * 1e9, groups);
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 0;
}
