#include "engine/segment/paged_piece.h"

#include <algorithm>
#include <cstring>

#include "engine/base/checksum.h"
#include "engine/base/error.h"

namespace footfall::segment {
namespace {

constexpr uint32_t kPage = base::Pages::kPageBytes;
constexpr uint32_t kCrcBytes = sizeof(uint32_t);
constexpr uint32_t kMaxWindow = 64;

}  // namespace

uint32_t appendPiece(std::span<const std::byte> payload, std::pmr::vector<std::byte>& out) {
    if (payload.size() <= kPage) {
        out.insert(out.end(), payload.begin(), payload.end());
        return base::crc32c(payload);
    }
    const size_t pages = (payload.size() + kPage - 1) / kPage;
    const size_t table = out.size();
    out.resize(table + pages * kCrcBytes);
    for (size_t page = 0; page < pages; ++page) {
        const uint32_t crc = base::crc32c(
            payload.subspan(page * kPage, std::min<size_t>(kPage, payload.size() - page * kPage)));
        std::memcpy(out.data() + table + page * kCrcBytes, &crc, kCrcBytes);
    }
    out.insert(out.end(), payload.begin(), payload.end());
    return base::crc32c({out.data() + table, pages * kCrcBytes});
}

void PagedPiece::open(uint32_t bytes, uint32_t crc, bool sparse,
                      std::pmr::memory_resource* resource) {
    pages_ = bytes <= kPage ? 1 : (bytes - 1) / (kPage + kCrcBytes) + 1;
    tableBytes_ = bytes <= kPage ? 0 : pages_ * kCrcBytes;
    payloadBytes_ = bytes - tableBytes_;
    if (bytes > kPage && payloadBytes_ <= kPage)
        base::throwCorrupt("a piece of %u bytes, which none can have", bytes);
    const size_t aligned = (tableBytes_ + size_t{7}) / 8 * 8;
    payload_ =
        static_cast<std::byte*>(resource->allocate(aligned + payloadBytes_ + 8, 8)) + aligned;
    stored_ = payload_ - tableBytes_;
    const size_t words = (pages_ + 63) / 64;
    loaded_ = static_cast<uint64_t*>(resource->allocate(words * sizeof(uint64_t), 8));
    std::fill_n(loaded_, words, 0);
    crc_ = crc;
    missing_ = pages_;
    if (bytes == 0) {
        missing_ = 0;
        complete_ = true;
        return;
    }
    // The table and what is read with it: one page, or all.
    const uint32_t first = sparse ? 1 : pages_;
    const uint32_t size = sparse ? tableBytes_ + std::min(payloadBytes_, kPage) : bytes;
    fetch(0, {stored_, size});
    if (tableBytes_ != 0 && base::crc32c({stored_, tableBytes_}) != crc)
        base::throwCorrupt("the checksum of the pages' checksums does not match");
    for (uint32_t page = 0; page < first; ++page)
        check(page);
    note(0, first);
    setReady(0, first);
}

void PagedPiece::note(uint32_t first, uint32_t end) noexcept {
    for (uint32_t page = first; page < end; ++page)
        loaded_[page / 64] |= uint64_t{1} << (page % 64);
    missing_ -= end - first;
    readEnd_ = end;
    complete_ = missing_ == 0;
}

// Pages [first, end) are loaded.
void PagedPiece::setReady(uint32_t first, uint32_t end) noexcept {
    ready_ = payload_ + size_t{first} * kPage;
    readyEnd_ = payload_ + std::min<size_t>(size_t{end} * kPage, payloadBytes_);
}

size_t PagedPiece::pageBytes(uint32_t page) const noexcept {
    return std::min<size_t>(kPage, payloadBytes_ - size_t{page} * kPage);
}

void PagedPiece::check(uint32_t page) const {
    uint32_t expected = crc_;
    if (tableBytes_ != 0)
        std::memcpy(&expected, stored_ + size_t{page} * kCrcBytes, kCrcBytes);
    if (base::crc32c({payload_ + size_t{page} * kPage, pageBytes(page)}) != expected)
        base::throwCorrupt("the checksum of page %u does not match", page);
}

void PagedPiece::load(const std::byte* at, size_t size) {
    if (size == 0 || (at >= ready_ && at + size <= readyEnd_))
        return;
    const auto offset = static_cast<size_t>(at - payload_);
    const auto first = static_cast<uint32_t>(offset / kPage);
    const auto last = static_cast<uint32_t>((offset + size - 1) / kPage);
    for (uint32_t page = first; page <= last; ++page) {
        if (loaded(page))
            continue;
        uint32_t end = page + 1;
        while (end <= last && !loaded(end))
            ++end;
        window_ = page == readEnd_ ? std::min(window_ * 2, kMaxWindow) : 1;
        while (end < pages_ && end - page < window_ && !loaded(end))
            ++end;
        loadPages(page, end);
        page = end - 1;
    }
    setReady(first, last + 1);
}

void PagedPiece::loadPages(uint32_t first, uint32_t end) {
    const uint32_t offset = first * kPage;
    const uint32_t size = end == pages_ ? payloadBytes_ - offset : (end - first) * kPage;
    fetch(tableBytes_ + offset, {payload_ + offset, size});
    for (uint32_t page = first; page < end; ++page)
        check(page);
    note(first, end);
}

}  // namespace footfall::segment
