// Where decoders live: memory of one reader, released with it as a whole.
//
// Decoders are made here and never destroyed one by one; what they hold (pmr containers over this
// arena) needs no destructor to run. Nesting is counted, so that damaged data that nests without
// end is refused.
#pragma once

#include <memory_resource>
#include <new>
#include <utility>

#include "engine/base/error.h"

namespace footfall::encoding {

class Arena {
  public:
    static constexpr int kMaxDepth = 12;

    explicit Arena(std::pmr::memory_resource* upstream) : resource_(upstream) {}
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    std::pmr::memory_resource* resource() noexcept { return &resource_; }

    template <class T, class... Arguments>
    T* make(Arguments&&... arguments) {
        void* at = resource_.allocate(sizeof(T), alignof(T));
        return new (at) T(std::forward<Arguments>(arguments)...);
    }

    // Held while a decoder opens what is nested in it.
    class Nesting {
      public:
        explicit Nesting(Arena& arena) : arena_(arena) {
            if (arena_.depth_ >= kMaxDepth) {
                base::throwCorrupt("encodings nest deeper than %d", kMaxDepth);
            }
            ++arena_.depth_;
        }
        ~Nesting() { --arena_.depth_; }
        Nesting(const Nesting&) = delete;
        Nesting& operator=(const Nesting&) = delete;

      private:
        Arena& arena_;
    };

  private:
    std::pmr::monotonic_buffer_resource resource_;
    int depth_ = 0;
};

}  // namespace footfall::encoding
