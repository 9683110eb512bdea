// See frequent_values.h.
#include "engine/sketch/frequent_values.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "engine/base/hash.h"
#include "engine/sketch/sketch_format.h"

namespace footfall::sketch {

namespace {
constexpr uint8_t kVersion = 1;
constexpr size_t kFirstSlots = 16;
constexpr uint64_t kMaxCount = uint64_t{1} << 62;

[[noreturn]] void throwTooMany() {
    throw base::Error(base::ErrorKind::OutOfRange, "too many values for a top_n");
}

size_t capacityOf(int64_t wanted) {
    return std::max(FrequentValues::kMinCapacity, static_cast<size_t>(wanted) * 10);
}
}  // namespace

FrequentValues::~FrequentValues() {
    for (const Counter& counter : counters_)
        counters_.get_allocator().resource()->deallocate(counter.bytes, counter.length + 1, 1);
}

void FrequentValues::setWanted(int64_t wanted) {
    if (wanted_ != 0 && wanted != wanted_)
        base::throwBadArgument("the number of values varies within a group");
    if (wanted < 1 || wanted > kMaxWanted) {
        base::throwBadArgument("the number of values is 1 to %lld, not %lld",
                               static_cast<long long>(kMaxWanted), static_cast<long long>(wanted));
    }
    wanted_ = wanted;
}

// Where the value's counter is or would be.
size_t FrequentValues::slotOf(uint64_t hash, std::string_view value) const noexcept {
    const size_t mask = slots_.size() - 1;
    size_t at = hash & mask;
    for (; slots_[at] != 0; at = (at + 1) & mask) {
        const Counter& counter = counters_[slots_[at] - 1];
        if (counter.hash == hash && counter.value() == value)
            break;
    }
    return at;
}

FrequentValues::Counter* FrequentValues::find(uint64_t hash, std::string_view value) noexcept {
    if (slots_.empty())
        return nullptr;
    const uint32_t number = slots_[slotOf(hash, value)];
    return number == 0 ? nullptr : &counters_[number - 1];
}

void FrequentValues::reindex(size_t slots) {
    slots_.assign(slots, 0);
    for (size_t i = 0; i < counters_.size(); ++i) {
        size_t at = counters_[i].hash & (slots - 1);
        while (slots_[at] != 0)
            at = (at + 1) & (slots - 1);
        slots_[at] = static_cast<uint32_t>(i + 1);
    }
}

void FrequentValues::insert(uint64_t hash, std::string_view value, uint64_t count, uint64_t error,
                            size_t limit) {
    if ((counters_.size() + 1) * 2 > slots_.size())
        reindex(slots_.empty() ? kFirstSlots : slots_.size() * 2);
    const size_t used = bytes_ + counters_.capacity() * sizeof(Counter) + slots_.size() * 4;
    if (value.size() > UINT32_MAX - 1 || value.size() > limit || used > limit - value.size()) {
        throw base::Error(base::ErrorKind::OutOfMemory,
                          "the most frequent values of a group take too much memory")
            .withHint("Raise work_mem, ask for fewer values, or shorten them.");
    }
    counters_.reserve(counters_.size() + 1 > counters_.capacity() ? counters_.size() * 2 + 8 : 0);
    // One byte more, so that the empty text has an address of its own.
    auto* bytes =
        static_cast<char*>(counters_.get_allocator().resource()->allocate(value.size() + 1, 1));
    if (!value.empty())
        std::memcpy(bytes, value.data(), value.size());
    slots_[slotOf(hash, value)] = static_cast<uint32_t>(counters_.size() + 1);
    counters_.push_back({hash, bytes, static_cast<uint32_t>(value.size()), count, error});
    bytes_ += value.size() + 1;
}

void FrequentValues::add(std::string_view value, size_t limit) {
    const uint64_t hash = base::hashBytes(value.data(), value.size());
    if (total_ >= kMaxCount)
        throwTooMany();
    ++total_;
    if (Counter* counter = find(hash, value)) {
        ++counter->count;
        return;
    }
    insert(hash, value, floor_ + 1, floor_, limit);
    if (counters_.size() >= 2 * capacityOf(wanted_))
        purge();
}

void FrequentValues::purge() {
    const size_t most = capacityOf(wanted_);
    if (counters_.size() <= most)
        return;
    std::vector<uint64_t> counts;
    counts.reserve(counters_.size());
    for (const Counter& counter : counters_)
        counts.push_back(counter.count);
    const auto first = counts.begin() + static_cast<ptrdiff_t>(most);
    std::nth_element(counts.begin(), first, counts.end(), std::greater<>());
    floor_ = *first;
    size_t kept = 0;
    for (const Counter& counter : counters_) {
        if (counter.count > floor_) {
            counters_[kept++] = counter;
        } else {
            bytes_ -= counter.length + size_t{1};
            counters_.get_allocator().resource()->deallocate(counter.bytes, counter.length + 1, 1);
        }
    }
    counters_.resize(kept);
    reindex(slots_.size());
}

std::vector<const FrequentValues::Counter*> FrequentValues::top() {
    purge();
    std::vector<const Counter*> result;
    result.reserve(counters_.size());
    for (const Counter& counter : counters_)
        result.push_back(&counter);
    const auto before = [](const Counter* a, const Counter* b) {
        return a->count != b->count ? a->count > b->count : a->value() < b->value();
    };
    const size_t size = std::min(result.size(), static_cast<size_t>(wanted_));
    std::partial_sort(result.begin(), result.begin() + static_cast<ptrdiff_t>(size), result.end(),
                      before);
    result.resize(size);
    return result;
}

void FrequentValues::pack(base::ByteWriter& writer) {
    purge();
    writeHeader(writer, SketchKind::FrequentValues, kVersion);
    writer.varint(static_cast<uint64_t>(wanted_));
    writer.varint(total_);
    writer.varint(floor_);
    writer.varint(counters_.size());
    std::vector<const Counter*> sorted;
    sorted.reserve(counters_.size());
    for (const Counter& counter : counters_)
        sorted.push_back(&counter);
    std::ranges::sort(sorted, {}, &Counter::value);
    for (const Counter* counter : sorted) {
        writer.varint(counter->length);
        writer.append(counter->value());
        writer.varint(counter->count);
        writer.varint(counter->error);
    }
}

void FrequentValues::adoptWanted(int64_t wanted, bool otherEmpty) {
    if (wanted == wanted_)
        return;
    if (wanted_ == 0 || (total_ == 0 && !otherEmpty)) {
        wanted_ = wanted;
    } else if (otherEmpty) {
        // Of two empty ones the smaller, so that their order does not matter.
        if (total_ == 0)
            wanted_ = std::min(wanted_, wanted);
    } else {
        base::throwBadArgument("a top %lld and a top %lld cannot be merged",
                               static_cast<long long>(wanted_), static_cast<long long>(wanted));
    }
}

void FrequentValues::unpack(base::ByteReader& reader, size_t limit) {
    readHeader(reader, SketchKind::FrequentValues, kVersion);
    const auto wanted =
        static_cast<int64_t>(reader.varintUpTo(kMaxWanted, "number of wanted values"));
    if (wanted == 0)
        base::throwCorrupt("a sketch of frequent values wants none");
    const uint64_t total = reader.varintUpTo(kMaxCount, "number of values");
    adoptWanted(wanted, total == 0);
    const uint64_t floor =
        reader.varintUpTo(total / (capacityOf(wanted) + 1), "floor of the counts");
    const uint64_t size =
        reader.varintUpTo(std::min(total, uint64_t{capacityOf(wanted)}), "number of counters");
    if (total > kMaxCount - total_)
        throwTooMany();
    // A counter that the other sketch lacks stood for up to its floor there, too. Those that it has
    // take this back below; unsigned arithmetic wraps.
    const uint64_t ownFloor = floor_;
    for (Counter& counter : counters_) {
        counter.count += floor;
        counter.error += floor;
    }
    // All that was ever counted, less what the purges took from capacity + 1 counters or more.
    uint64_t mass = total - floor * (capacityOf(wanted) + 1);
    std::string_view before;
    for (uint64_t i = 0; i < size; ++i) {
        const uint64_t length = reader.varintUpTo(reader.remaining(), "length of a value");
        const std::string_view value = reader.text(length);
        const uint64_t count = reader.varintUpTo(total, "count of a value");
        const uint64_t error = reader.varintUpTo(floor, "error of a count");
        if (count <= floor || count - floor > mass || (i > 0 && value <= before))
            base::throwCorrupt("a sketch of frequent values has an impossible counter");
        mass -= count - floor;
        before = value;
        const uint64_t hash = base::hashBytes(value.data(), value.size());
        if (Counter* counter = find(hash, value)) {
            counter->count += count - floor;
            counter->error += error - floor;
        } else {
            insert(hash, value, count + ownFloor, error + ownFloor, limit);
        }
    }
    reader.expectEnd();
    total_ += total;
    floor_ += floor;
    if (counters_.size() >= 2 * capacityOf(wanted_))
        purge();
}

}  // namespace footfall::sketch
