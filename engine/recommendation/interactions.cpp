// See interactions.h.
#include "engine/recommendation/interactions.h"

#include <cmath>

namespace footfall::recommendation {

void Interactions::pack(base::ByteWriter& writer) const {
    customerIds.pack(writer);
    productIds.pack(writer);
    for (uint32_t i = 0; i < customers(); i++)
        writer.varint(of(i).size());
    writer.append(std::as_bytes(std::span(entries)));
}

Interactions Interactions::unpack(base::ByteReader& reader) {
    static_assert(sizeof(Interaction) == 4 * sizeof(uint32_t));
    Interactions result;
    result.customerIds = IdList::unpack(reader);
    result.productIds = IdList::unpack(reader);
    for (uint32_t i = 0; i < result.customerIds.size(); i++) {
        const uint64_t count = reader.varintUpTo(result.productIds.size(), "number of products");
        result.starts.push_back(result.starts.back() + count);
    }
    const uint64_t count = result.starts.back();
    if (count != reader.remaining() / sizeof(Interaction))
        base::throwCorrupt("%zu bytes are not %llu interactions", reader.remaining(),
                           static_cast<unsigned long long>(count));
    const auto bytes = reader.bytes(count * sizeof(Interaction));
    result.entries.resize(count);
    if (count != 0)
        std::memcpy(result.entries.data(), bytes.data(), bytes.size());
    for (uint32_t i = 0; i < result.customers(); i++) {
        uint64_t least = 0;
        for (const Interaction& entry : result.of(i)) {
            if (entry.product < least || entry.product >= result.products() ||
                !(entry.before >= 0) || !std::isfinite(entry.before) || !(entry.later >= 0) ||
                !std::isfinite(entry.later))
                base::throwCorrupt("an interaction is not possible");
            least = uint64_t{entry.product} + 1;
        }
    }
    return result;
}

SparseMatrix weightsOf(const Interactions& interactions, Events events) {
    SparseMatrix weights;
    weights.width = interactions.products();
    weights.starts.reserve(interactions.starts.size());
    for (uint32_t i = 0; i < interactions.customers(); i++) {
        for (const Interaction& entry : interactions.of(i)) {
            if (const float weight = weightOf(entry, events); weight > 0)
                weights.add(entry.product, weight);
        }
        weights.endRow();
    }
    return weights;
}

}  // namespace footfall::recommendation
