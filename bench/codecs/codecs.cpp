// Sizes and speeds of the segment format on the benchmark event log.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <string>
#include <vector>

#include "bench/codecs/event_log.h"
#include "engine/segment/segment_encoder.h"
#include "engine/segment/segment_reader.h"
#include "engine/segment/sort_permutation.h"

namespace footfall::bench {
namespace {

// This process's processor time: other work on the machine disturbs it least.
struct Clock {
    using time_point = double;
    static double now() {
        timespec time{};
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
    }
};

double seconds(Clock::time_point since) {
    return Clock::now() - since;
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

// Cuts ordered rows into segments of columns.
std::vector<std::vector<vector::Column>> cut(const EventLog& log, std::span<const uint32_t> order,
                                             std::span<const uint32_t> ends) {
    std::vector<std::vector<vector::Column>> segments;
    uint32_t row = 0;
    for (const uint32_t end : ends) {
        for (; row < end; row = std::min(end, row + segment::kMaxRows)) {
            const uint32_t count = std::min(segment::kMaxRows, end - row);
            std::vector<vector::Column> columns;
            for (const vector::Column& column : log.columns) {
                columns.push_back(
                    column.gather(order.subspan(row, count), std::pmr::new_delete_resource()));
            }
            segments.push_back(std::move(columns));
        }
    }
    return segments;
}

void decodeAll(const EventLog& log, const std::vector<segment::EncodedSegment>& encoded,
               const std::vector<std::vector<vector::Column>>& segments) {
    std::printf("\n%-12s %14s %16s\n", "decode", "M values/s", "M values/s flat");
    for (uint32_t c = 0; c < log.columns.size(); ++c) {
        double shaped = 1e9;
        double flat = 1e9;
        uint64_t rows = 0;
        for (int repeat = 0; repeat < 3; ++repeat) {
            rows = 0;
            double spent = 0;
            double spentFlat = 0;
            for (size_t s = 0; s < encoded.size(); ++s) {
                MemoryChunks chunks(encoded[s]);
                const auto& meta = encoded[s].meta;
                segment::SegmentReader reader(meta, chunks, std::pmr::new_delete_resource());
                vector::Block block(std::pmr::new_delete_resource());
                reader.read(c, 0, 1, block);
                auto start = Clock::now();
                for (uint32_t row = 0; row < meta.rows(); row += segment::kBlockRows) {
                    reader.read(c, row, std::min(segment::kBlockRows, meta.rows() - row), block);
                }
                spent += seconds(start);
                vector::Column out(log.columns[c].type(), std::pmr::new_delete_resource());
                start = Clock::now();
                for (uint32_t row = 0; row < meta.rows(); row += segment::kBlockRows) {
                    out.clear();
                    reader.append(c, row, std::min(segment::kBlockRows, meta.rows() - row), out);
                }
                spentFlat += seconds(start);
                rows += meta.rows();
                if (repeat != 0)
                    continue;
                out.clear();
                reader.append(c, 0, meta.rows(), out);
                if (!out.equals(segments[s][c])) {
                    std::printf("column %s does not come back\n", log.names[c].c_str());
                    std::exit(1);
                }
                reader.verify(c);
            }
            shaped = std::min(shaped, spent);
            flat = std::min(flat, spentFlat);
        }
        std::printf("%-12s %14.0f %16.0f\n", log.names[c].c_str(),
                    static_cast<double>(rows) / shaped / 1e6,
                    static_cast<double>(rows) / flat / 1e6);
    }
    // Opening a reader and one row of every column: what a point look-up costs beside the fetch.
    const auto start = Clock::now();
    for (const auto& segment : encoded) {
        MemoryChunks chunks(segment);
        segment::SegmentReader reader(segment.meta, chunks, std::pmr::new_delete_resource());
        vector::Block block(std::pmr::new_delete_resource());
        for (uint32_t c = 0; c < log.columns.size(); ++c) {
            reader.read(c, segment.meta.rows() / 2, 16, block);
        }
    }
    std::printf("one look-up of 16 rows, all columns: %.2f ms\n",
                seconds(start) * 1e3 / static_cast<double>(encoded.size()));
}

void run(const char* title, const EventLog& log,
         const std::vector<std::vector<vector::Column>>& segments, std::span<const uint32_t> keys,
         bool decode) {
    uint64_t rows = 0;
    for (const auto& columns : segments)
        rows += columns[0].size();
    std::printf("\n== %s: %llu rows, %zu segments\n", title, static_cast<unsigned long long>(rows),
                segments.size());
    for (int effort = 0; effort <= 2; ++effort) {
        segment::EncodeOptions options;
        options.effort = effort;
        options.sortKeys = keys;
        options.bloomColumns = {};
        std::vector<segment::EncodedSegment> encoded;
        const auto start = Clock::now();
        for (const auto& columns : segments) {
            encoded.push_back(
                segment::encodeSegment(columns, options, std::pmr::new_delete_resource()));
        }
        const double spent = seconds(start);
        uint64_t total = 0;
        uint64_t raw = 0;
        uint64_t metaBytes = 0;
        uint64_t indexBytes = 0;
        std::vector<uint64_t> sizes(log.columns.size());
        for (const auto& segment : encoded) {
            std::pmr::vector<std::byte> stored;
            segment.meta.serialize(stored);
            metaBytes += stored.size();
            indexBytes += segment.index.size();
            for (size_t c = 0; c < sizes.size(); ++c) {
                sizes[c] += segment.chunks[c].size();
                raw += segment.meta.column(static_cast<uint32_t>(c)).rawBytes;
            }
        }
        total = metaBytes + indexBytes;
        for (const uint64_t size : sizes)
            total += size;
        std::printf("effort %d: %.2f M rows/s, %.0f MB/s, %.3f bytes/row, %.1f MB\n", effort,
                    static_cast<double>(rows) / spent / 1e6, static_cast<double>(raw) / spent / 1e6,
                    static_cast<double>(total) / static_cast<double>(rows),
                    static_cast<double>(total) / 1e6);
        for (size_t c = 0; c < sizes.size(); ++c) {
            std::printf(
                "  %-12s %8.4f bytes/row  %s\n", log.names[c].c_str(),
                static_cast<double>(sizes[c]) / static_cast<double>(rows),
                std::string(encoded[0].meta.column(static_cast<uint32_t>(c)).encodingName).c_str());
        }
        std::printf("  header %.0f bytes, index %.0f bytes a segment\n",
                    static_cast<double>(metaBytes) / static_cast<double>(encoded.size()),
                    static_cast<double>(indexBytes) / static_cast<double>(encoded.size()));
        if (decode && effort == 2)
            decodeAll(log, encoded, segments);
    }
}

void benchmark(const char* path, uint32_t limit) {
    const EventLog log = readEventLog(path, limit);
    const uint32_t rows = log.columns[0].size();
    const std::vector<uint32_t> keys{kCustomerColumn, kTimeColumn};
    std::pmr::memory_resource* heap = std::pmr::new_delete_resource();

    // Loading: segments of rows as they arrive, each sorted.
    {
        std::vector<uint32_t> order;
        double sorting = 0;
        for (uint32_t row = 0; row < rows; row += segment::kMaxRows) {
            std::vector<uint32_t> part(std::min(segment::kMaxRows, rows - row));
            for (uint32_t i = 0; i < part.size(); ++i)
                part[i] = row + i;
            std::vector<vector::Column> columns;
            for (const auto& column : log.columns)
                columns.push_back(column.gather(part, heap));
            const auto start = Clock::now();
            const auto permutation = segment::sortPermutation(columns, keys, heap);
            sorting += seconds(start);
            for (const uint32_t i : permutation)
                order.push_back(row + i);
        }
        std::printf("sorting: %.2f M rows/s\n", rows / sorting / 1e6);
        const uint32_t end[] = {rows};
        run("as loaded", log, cut(log, order, end), keys, false);
    }

    // Compacted: weekly partitions, each sorted.
    constexpr int64_t kWeek = int64_t{7} * 86400 * 1000000;
    const int64_t* times = log.columns[kTimeColumn].values<int64_t>();
    std::vector<vector::Column> sorting;
    for (int key = 0; key < 3; ++key) {
        sorting.emplace_back(vector::ColumnType::of(vector::Kind::Int64), heap);
        for (uint32_t row = 0; row < rows; ++row) {
            const int64_t values[] = {times[row] / kWeek,
                                      log.columns[kCustomerColumn].values<int64_t>()[row],
                                      times[row]};
            sorting.back().append<int64_t>(values[key]);
        }
    }
    const auto order = segment::sortPermutation(sorting, std::vector<uint32_t>{0, 1, 2}, heap);
    std::vector<uint32_t> ends;
    for (uint32_t i = 1; i < rows; ++i) {
        if (times[order[i]] / kWeek != times[order[i - 1]] / kWeek)
            ends.push_back(i);
    }
    ends.push_back(rows);
    run("compacted", log, cut(log, order, ends), keys, true);
}

}  // namespace
}  // namespace footfall::bench

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: codecs EVENTS.csv [rows]\n");
        return 2;
    }
    try {
        footfall::bench::benchmark(
            argv[1], argc > 2 ? static_cast<uint32_t>(std::atoi(argv[2])) : UINT32_MAX);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "codecs: %s\n", error.what());
        return 1;
    }
    return 0;
}
