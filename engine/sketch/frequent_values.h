// Which values occur most often, with bounds: Space-Saving counters (Metwally et al. 2005) that are
// purged in batches, which makes an addition O(1) and summaries mergeable (Agarwal et al. 2012).
//
// A counter says that its value occurred between count - error and count times. A value without a
// counter occurred `floor` times at most, so a counter starts at floor + 1 with error floor. When
// there are twice as many counters as the capacity, the floor rises to the (capacity + 1)th count
// and counters up to it go. So floor <= values / (capacity + 1), whatever the order and the merges;
// as long as there are no more different values than the capacity, counts are exact.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"

namespace footfall::sketch {

class FrequentValues {
  public:
    static constexpr int64_t kMaxWanted = 10000;
    static constexpr size_t kMinCapacity = 1000;

    struct Counter {
        uint64_t hash;
        char* bytes;
        uint32_t length;
        uint64_t count;
        uint64_t error;

        std::string_view value() const noexcept { return {bytes, length}; }
    };

    explicit FrequentValues(std::pmr::memory_resource* resource)
        : counters_(resource), slots_(resource) {}
    FrequentValues(const FrequentValues&) = delete;
    FrequentValues& operator=(const FrequentValues&) = delete;
    ~FrequentValues();

    // How many values are asked for. The first is kept; another one in the same group, or one that
    // is out of range, throws BadArgument.
    void setWanted(int64_t wanted);
    bool hasWanted(int64_t wanted) const noexcept { return wanted_ == wanted; }
    int64_t wanted() const noexcept { return wanted_; }

    // Needs a number of wanted values. OutOfMemory when more than `limit` bytes would be held.
    void add(std::string_view value, size_t limit);

    uint64_t count() const noexcept { return total_; }
    uint64_t floor() const noexcept { return floor_; }
    // The wanted number of counters, or fewer, by falling count; equal counts by the values' bytes.
    std::vector<const Counter*> top();
    // All counters, in no order.
    const std::pmr::vector<Counter>& counters() const noexcept { return counters_; }

    void pack(base::ByteWriter& writer);
    // Adds a packed sketch. BadArgument when both hold values and the wanted numbers differ.
    void unpack(base::ByteReader& reader, size_t limit);

  private:
    size_t slotOf(uint64_t hash, std::string_view value) const noexcept;
    Counter* find(uint64_t hash, std::string_view value) noexcept;
    void insert(uint64_t hash, std::string_view value, uint64_t count, uint64_t error,
                size_t limit);
    void purge();
    void reindex(size_t slots);
    void adoptWanted(int64_t wanted, bool otherEmpty);

    int64_t wanted_ = 0;  // 0: not set yet
    uint64_t total_ = 0;
    uint64_t floor_ = 0;
    size_t bytes_ = 0;  // of the values
    std::pmr::vector<Counter> counters_;
    std::pmr::vector<uint32_t> slots_;  // number of a counter + 1, 0 is free; a power of two
};

}  // namespace footfall::sketch
