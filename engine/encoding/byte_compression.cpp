#include "engine/encoding/byte_compression.h"

#include <lz4.h>
#include <zstd.h>

#include <new>

namespace footfall::encoding {
namespace {

// The most bytes one stored byte can stand for: LZ4 spends a byte per 255 of a match, zstd four
// per run-length block of 128 kB.
constexpr uint64_t kMaxLz4Ratio = 255;
constexpr uint64_t kMaxZstdRatio = uint64_t{1} << 15;

}  // namespace

Compression compressionFor(Effort effort) noexcept {
    return effort == Effort::Fast ? Compression::Lz4 : Compression::Zstd;
}

Compressor::Compressor(Effort effort)
    : algorithm_(compressionFor(effort)), level_(effort == Effort::Compact ? 9 : 3) {
    if (algorithm_ != Compression::Zstd)
        return;
    state_ = ZSTD_createCCtx();
    if (state_ == nullptr)
        throw std::bad_alloc();
}

Compressor::~Compressor() {
    if (state_ != nullptr)
        ZSTD_freeCCtx(static_cast<ZSTD_CCtx*>(state_));
}

size_t Compressor::compress(std::span<const std::byte> raw, base::ByteWriter& out) {
    const size_t before = out.size();
    size_t written = 0;
    if (algorithm_ == Compression::Lz4) {
        if (raw.size() > LZ4_MAX_INPUT_SIZE) {
            base::throwUnsupported("%zu bytes in one block are too many to compress", raw.size());
        }
        const int bound = LZ4_compressBound(static_cast<int>(raw.size()));
        auto* to = reinterpret_cast<char*>(out.extend(static_cast<size_t>(bound)));
        const int size = LZ4_compress_default(reinterpret_cast<const char*>(raw.data()), to,
                                              static_cast<int>(raw.size()), bound);
        if (size <= 0)
            base::throwInternal("LZ4 failed to compress %zu bytes", raw.size());
        written = static_cast<size_t>(size);
    } else {
        const size_t bound = ZSTD_compressBound(raw.size());
        written = ZSTD_compressCCtx(static_cast<ZSTD_CCtx*>(state_), out.extend(bound), bound,
                                    raw.data(), raw.size(), level_);
        if (ZSTD_isError(written) != 0) {
            base::throwInternal("zstd failed to compress %zu bytes: %s", raw.size(),
                                ZSTD_getErrorName(written));
        }
    }
    out.truncate(before + written);
    return written;
}

void checkPlausible(Compression algorithm, size_t compressed, uint64_t rawSize) {
    const uint64_t ratio = algorithm == Compression::Lz4 ? kMaxLz4Ratio : kMaxZstdRatio;
    if (rawSize / ratio > compressed) {
        base::throwCorrupt("%zu compressed bytes cannot hold %llu", compressed,
                           static_cast<unsigned long long>(rawSize));
    }
}

void decompress(Compression algorithm, std::span<const std::byte> compressed,
                std::span<std::byte> raw) {
    if (algorithm == Compression::Lz4) {
        const int size = LZ4_decompress_safe(
            reinterpret_cast<const char*>(compressed.data()), reinterpret_cast<char*>(raw.data()),
            static_cast<int>(compressed.size()), static_cast<int>(raw.size()));
        if (size < 0 || static_cast<size_t>(size) != raw.size()) {
            base::throwCorrupt("an LZ4 frame does not decompress to %zu bytes", raw.size());
        }
        return;
    }
    const size_t size =
        ZSTD_decompress(raw.data(), raw.size(), compressed.data(), compressed.size());
    if (ZSTD_isError(size) != 0) {
        base::throwCorrupt("a zstd frame does not decompress: %s", ZSTD_getErrorName(size));
    }
    if (size != raw.size()) {
        base::throwCorrupt("a zstd frame holds %zu bytes, not %zu", size, raw.size());
    }
}

}  // namespace footfall::encoding
