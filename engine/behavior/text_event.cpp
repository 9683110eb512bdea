// Interning and the packed form; see text_event.h.
#include "engine/behavior/text_event.h"

#include <vector>

#include "engine/base/hash.h"
#include "engine/behavior/step_event.h"

namespace footfall::behavior {

const PooledText* TextPool::intern(std::string_view text, size_t limit) {
    if (texts_.size() * 2 >= slots_.size())
        rehash(std::max<size_t>(8, slots_.size() * 2));
    const size_t slot = slotOf(text);
    if (slots_[slot] != nullptr)
        return slots_[slot];
    const size_t size =
        offsetof(PooledText, bytes) + std::max(text.size(), sizeof(PooledText::bytes));
    if (bytes_ + size > limit || text.size() > UINT32_MAX) {
        throw base::Error(base::ErrorKind::OutOfMemory,
                          "the different texts of one group need more than %zu MB", limit >> 20);
    }
    texts_.reserve(texts_.size() + 1);
    auto* pooled = static_cast<PooledText*>(memory_.allocate(size, alignof(PooledText)));
    pooled->length = static_cast<uint32_t>(text.size());
    pooled->number = static_cast<uint32_t>(texts_.size());
    if (!text.empty())
        std::memcpy(pooled->bytes, text.data(), text.size());
    bytes_ += size;
    texts_.push_back(pooled);
    slots_[slot] = pooled;
    return pooled;
}

size_t TextPool::slotOf(std::string_view text) const {
    size_t slot = base::hashBytes(text.data(), text.size()) & (slots_.size() - 1);
    while (slots_[slot] != nullptr && slots_[slot]->view() != text)
        slot = (slot + 1) & (slots_.size() - 1);
    return slot;
}

void TextPool::rehash(size_t slots) {
    slots_.assign(slots, nullptr);
    for (const PooledText* text : texts_)
        slots_[slotOf(text->view())] = text;
}

void TextEvents::pack(base::ByteWriter& writer) {
    events_.sort();
    // Texts that no event uses any more are left out.
    constexpr uint32_t kUnused = UINT32_MAX;
    std::vector<uint32_t> numbers(pool_.size(), kUnused);
    uint32_t used = 0;
    for (const TextEvent& event : events_.events()) {
        if (event.text != nullptr && numbers[event.text->number] == kUnused)
            numbers[event.text->number] = used++;
    }
    std::vector<const PooledText*> texts(used);
    for (size_t i = 0; i < numbers.size(); i++) {
        if (numbers[i] != kUnused)
            texts[numbers[i]] = pool_.at(i);
    }
    writer.varint(used);
    for (const PooledText* text : texts) {
        writer.varint(text->length);
        writer.append(text->view());
    }
    writer.varint(events_.size());
    int64_t previous = 0;
    for (const TextEvent& event : events_.events()) {
        writer.zigzag(static_cast<int64_t>(elapsed(previous, event.time)));
        writer.varint(event.steps);
        writer.varint(event.text == nullptr ? 0 : numbers[event.text->number] + 1);
        previous = event.time;
    }
}

void TextEvents::unpack(base::ByteReader& reader, uint32_t allowed, size_t limit) {
    const uint64_t texts = reader.varintUpTo(reader.remaining(), "number of texts");
    std::vector<const PooledText*> pooled;
    pooled.reserve(texts);
    for (uint64_t i = 0; i < texts; i++) {
        const uint64_t length = reader.varintUpTo(reader.remaining(), "length of a text");
        pooled.push_back(pool_.intern(reader.text(length), limit));
    }
    const uint64_t count = reader.varintUpTo(reader.remaining() / 3, "number of events");
    events_.reserve(events_.size() + count, limit);
    int64_t time = 0;
    for (uint64_t i = 0; i < count; i++) {
        time = static_cast<int64_t>(static_cast<uint64_t>(time) +
                                    static_cast<uint64_t>(reader.zigzag()));
        const auto steps = static_cast<uint32_t>(reader.varintUpTo(UINT32_MAX, "conditions met"));
        if ((steps & ~allowed) != 0)
            base::throwCorrupt("an event meets a condition that does not exist");
        const uint64_t text = reader.varintUpTo(texts, "number of a text");
        events_.append({time, text == 0 ? nullptr : pooled[text - 1], steps});
    }
}

}  // namespace footfall::behavior
