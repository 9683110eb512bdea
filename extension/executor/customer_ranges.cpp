// See customer_ranges.h.
#include "extension/executor/customer_ranges.h"

namespace footfall::executor {

namespace {

// So that the groups and events of a range stay in the processor's cache.
constexpr int64 kRangeRows = 65536;
// A range for fewer rows costs more than it brings.
constexpr int64 kLeastRangeRows = 4096;

// Where the rows for each key change: a span begins or has ended.
struct Edge {
    uint64 key;
    double density;  // rows for each key, more or less
};

}  // namespace

CustomerRanges customerRanges(const KeySpan* spans, int count, int least) {
    int64 rows = 0;
    auto* edges = static_cast<Edge*>(palloc(sizeof(Edge) * static_cast<Size>(2 * count + 1)));
    int edgeCount = 0;
    for (int i = 0; i < count; i++) {
        const KeySpan& span = spans[i];
        const double width = static_cast<double>(span.greatest - span.least) + 1;
        const double density = static_cast<double>(span.rows) / width;
        rows += span.rows;
        edges[edgeCount++] = {span.least, density};
        if (span.greatest < PG_UINT64_MAX) {
            edges[edgeCount++] = {span.greatest + 1, -density};
        }
    }
    std::sort(edges, edges + edgeCount, [](const Edge& a, const Edge& b) { return a.key < b.key; });
    const int64 most = Max(rows / kLeastRangeRows, int64{1});
    const auto wanted =
        static_cast<int>(Min(Min(Max(rows / kRangeRows + 1, int64{least}), most), int64{1000000}));
    CustomerRanges ranges = {
        1, static_cast<uint64*>(palloc(sizeof(uint64) * static_cast<Size>(wanted)))};
    ranges.begins[0] = 0;
    const double each = static_cast<double>(rows) / wanted;
    double before = 0;  // rows before the edge
    double density = 0;
    for (int i = 0; i + 1 < edgeCount && ranges.count < wanted; i++) {
        density += edges[i].density;
        const auto width = static_cast<double>(edges[i + 1].key - edges[i].key);
        const double after = before + density * width;
        while (ranges.count < wanted && density > 0 && each * ranges.count < after) {
            const double offset = std::ceil((each * ranges.count - before) / density);
            const uint64 begin = edges[i].key + static_cast<uint64>(std::clamp(offset, 0.0, width));
            if (begin > ranges.begins[ranges.count - 1]) {
                ranges.begins[ranges.count++] = begin;
            } else {
                // One customer fills a range by itself.
                break;
            }
        }
        before = after;
    }
    pfree(edges);
    return ranges;
}

}  // namespace footfall::executor
