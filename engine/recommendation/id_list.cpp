// See id_list.h.
#include "engine/recommendation/id_list.h"

namespace footfall::recommendation {

std::optional<uint32_t> IdList::find(std::string_view name) const {
    uint32_t low = 0;
    uint32_t high = size();
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if ((*this)[middle] < name) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == size() || (*this)[low] != name)
        return std::nullopt;
    return low;
}

void IdList::pack(base::ByteWriter& writer) const {
    writer.varint(size());
    for (uint32_t i = 0; i < size(); i++) {
        const std::string_view name = (*this)[i];
        writer.varint(name.size());
        writer.append(name);
    }
}

IdList IdList::unpack(base::ByteReader& reader) {
    IdList list;
    const uint64_t count =
        reader.varintUpTo(std::min<uint64_t>(reader.remaining(), INT32_MAX), "number of names");
    list.ends_.reserve(count);
    for (uint32_t i = 0; i < count; i++) {
        list.add(reader.text(reader.varintUpTo(reader.remaining(), "length of a name")));
        if (i > 0 && list[i - 1] >= list[i])
            base::throwCorrupt("names of a recommender do not rise");
    }
    return list;
}

}  // namespace footfall::recommendation
