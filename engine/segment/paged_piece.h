// A chunk or an index as stored: its bytes in pages, each with a checksum, so that a look-up reads
// and checks only the pages that it needs.
//
// A piece of at most one page is its payload, and the header has the payload's CRC-32C. A longer
// one begins with a table of the pages' CRC-32C, and the header has the table's.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "engine/base/pages.h"

namespace footfall::segment {

// Appends the piece; returns the checksum that the header has to keep. Empty for no payload.
uint32_t appendPiece(std::span<const std::byte> payload, std::pmr::vector<std::byte>& out);

class PagedPiece : public base::Pages {
  public:
    // `bytes` of the piece as stored; fetches the table and the first page. `sparse`: a page at a
    // time, and more when they are asked for in order; else everything at once.
    void open(uint32_t bytes, uint32_t crc, bool sparse, std::pmr::memory_resource* resource);

    std::span<const std::byte> payload() const noexcept { return {payload_, payloadBytes_}; }

  protected:
    ~PagedPiece() = default;
    // Fills `into` with the stored bytes from `offset` on.
    virtual void fetch(uint32_t offset, std::span<std::byte> into) = 0;

  private:
    void load(const std::byte* at, size_t size) override;
    void loadPages(uint32_t first, uint32_t end);
    void check(uint32_t page) const;
    void note(uint32_t first, uint32_t end) noexcept;
    void setReady(uint32_t first, uint32_t end) noexcept;
    size_t pageBytes(uint32_t page) const noexcept;
    bool loaded(uint32_t page) const noexcept {
        return (loaded_[page / 64] >> (page % 64) & 1) != 0;
    }

    std::byte* stored_ = nullptr;   // the whole piece; the payload is 8-byte aligned
    std::byte* payload_ = nullptr;  // in it
    uint32_t tableBytes_ = 0;
    uint32_t payloadBytes_ = 0;
    uint32_t pages_ = 0;
    uint32_t missing_ = 0;  // pages not loaded
    uint32_t readEnd_ = 0;  // end of the run loaded last
    uint32_t window_ = 1;   // pages the next run takes
    uint32_t crc_ = 0;      // of a piece without a table
    uint64_t* loaded_ = nullptr;
    // Bytes that are there; what is read next mostly lies in them.
    const std::byte* ready_ = nullptr;
    const std::byte* readyEnd_ = nullptr;
};

}  // namespace footfall::segment
