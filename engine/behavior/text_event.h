// A row with a text: what happened (paths, the event after a sequence), or by which channel
// (attribution). A customer's texts repeat, so each different one is kept once.
//
// The canonical order is time, then conditions met (as for StepEvent), then the text's bytes; no
// text comes last.
#pragma once

#include <bit>
#include <cstdint>
#include <memory_resource>
#include <string_view>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/behavior/event_buffer.h"

namespace footfall::behavior {

// A text in a TextPool.
struct PooledText {
    uint32_t length;
    uint32_t number;  // in the order of first use
    char bytes[8];    // in fact `length` of them

    std::string_view view() const noexcept { return {bytes, length}; }
};

// Texts, each once. They stay where they are until the pool goes.
class TextPool {
  public:
    explicit TextPool(std::pmr::memory_resource* resource)
        : memory_(kFirstBytes, resource), slots_(resource), texts_(resource) {}

    // OutOfMemory when the pool would take more than `limit` bytes.
    const PooledText* intern(std::string_view text, size_t limit);
    size_t size() const noexcept { return texts_.size(); }
    const PooledText* at(size_t number) const { return texts_[number]; }

  private:
    static constexpr size_t kFirstBytes = 128;

    void rehash(size_t slots);
    size_t slotOf(std::string_view text) const;

    std::pmr::monotonic_buffer_resource memory_;
    std::pmr::vector<const PooledText*> slots_;  // open addressing, a power of two
    std::pmr::vector<const PooledText*> texts_;
    size_t bytes_ = 0;
};

struct TextEvent {
    int64_t time;
    const PooledText* text;  // nullptr: none
    uint32_t steps;

    friend bool operator<(const TextEvent& a, const TextEvent& b) noexcept {
        if (a.time != b.time)
            return a.time < b.time;
        if (a.steps != b.steps) {
            const int first = std::countr_zero(a.steps);
            const int second = std::countr_zero(b.steps);
            return first != second ? first < second : a.steps < b.steps;
        }
        if (a.text == b.text || a.text == nullptr)
            return false;
        return b.text == nullptr || a.text->view() < b.text->view();
    }
};

// The texts and the events of a group.
class TextEvents {
  public:
    explicit TextEvents(std::pmr::memory_resource* resource) : pool_(resource), events_(resource) {}

    // `text` is copied.
    void append(int64_t time, uint32_t steps, std::string_view text, size_t limit) {
        append(time, steps, pool_.intern(text, limit), limit);
    }
    void appendWithoutText(int64_t time, uint32_t steps, size_t limit) {
        append(time, steps, nullptr, limit);
    }
    EventBuffer<TextEvent>& events() noexcept { return events_; }
    size_t bytes() const noexcept { return events_.bytes(); }
    // Forgets the events; the texts stay.
    void release() noexcept { events_.release(); }
    const TextPool& pool() const noexcept { return pool_; }

    // Sorts and writes the texts in use, then the events.
    void pack(base::ByteWriter& writer);
    // Appends what pack wrote; conditions outside of `allowed` are damage.
    void unpack(base::ByteReader& reader, uint32_t allowed, size_t limit);

  private:
    void append(int64_t time, uint32_t steps, const PooledText* text, size_t limit) {
        if (events_.full())
            events_.grow(limit);
        events_.append({time, text, steps});
    }

    TextPool pool_;
    EventBuffer<TextEvent> events_;
};

}  // namespace footfall::behavior
