// Segment headers, with the version and the checksum made to fit.
#include <vector>

#include "engine/base/checksum.h"
#include "engine/segment/segment_meta.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace footfall;
    fuzz::Input input(data, size);
    const auto body = input.rest();
    std::vector<std::byte> stored(body.begin(), body.end());
    const uint32_t crc = base::crc32c(stored);
    const auto* bytes = reinterpret_cast<const std::byte*>(&crc);
    stored.insert(stored.end(), bytes, bytes + sizeof(crc));
    fuzz::expectSafe([&] {
        const auto meta = segment::SegmentMeta::parse(stored, std::pmr::new_delete_resource());
        // What was accepted can be written and read again.
        std::pmr::vector<std::byte> again;
        meta.serialize(again);
        const auto second = segment::SegmentMeta::parse(again, std::pmr::new_delete_resource());
        if (second.rows() != meta.rows() || second.columnCount() != meta.columnCount()) {
            std::abort();
        }
        const segment::ZoneMaps zones(stored);
        if (zones.rows() != meta.rows() || zones.columnCount() != meta.columnCount()) {
            std::abort();
        }
        const segment::Scalar low = segment::Scalar::of(int64_t{5});
        for (uint32_t c = 0; c < meta.columnCount(); ++c) {
            (void)meta.references(c);
            // Of a header that is whole, pruning before it is opened sees what is seen after.
            if (zones.column(c).stats.hasRange != meta.column(c).stats.hasRange ||
                zones.column(c).stats.nullCount != meta.column(c).stats.nullCount) {
                std::abort();
            }
            if (segment::boundKind(meta.column(c).type) == low.kind) {
                (void)segment::mayOverlap(meta.column(c), meta.rows(), &low, &low);
            }
        }
    });
    return 0;
}
