// Numbered places that are used again, so that memory follows what is alive and not what has been.
#pragma once

#include <cstdint>
#include <vector>

namespace footfall::simulator {

template <class Item>
class RecyclingPool {
  public:
    uint32_t take() {
        if (free_.empty()) {
            items_.emplace_back();
            alive_.push_back(true);
            return static_cast<uint32_t>(items_.size() - 1);
        }
        const uint32_t index = free_.back();
        free_.pop_back();
        items_[index] = Item{};
        alive_[index] = true;
        return index;
    }

    void giveBack(uint32_t index) {
        alive_[index] = false;
        free_.push_back(index);
    }

    Item& operator[](uint32_t index) { return items_[index]; }

    // Calls visit(item) for each that is in use, in the order of their numbers.
    template <class Visit>
    void forEach(Visit visit) {
        for (size_t index = 0; index < items_.size(); ++index) {
            if (alive_[index]) {
                visit(items_[index]);
            }
        }
    }

  private:
    std::vector<Item> items_;
    std::vector<bool> alive_;
    std::vector<uint32_t> free_;
};

}  // namespace footfall::simulator
