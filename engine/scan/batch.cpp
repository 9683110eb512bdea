#include "engine/scan/batch.h"

#include <algorithm>

namespace footfall::scan {

void Selection::remove(uint32_t row) noexcept {
    rows();
    uint16_t* begin = rows_.data();
    uint16_t* end = begin + count_;
    uint16_t* at = std::lower_bound(begin, end, row);
    if (at == end || *at != row)
        return;
    std::copy(at + 1, end, at);
    assign(count_ - 1);
}

}  // namespace footfall::scan
