// A column as bytes for a local file that spares fetching it again; quick to write and to read, not
// compact, and of this process's machine only.
//
// u32 magic, u8 kind, u8 content, u16 width, u32 rows, u32 NULLs, u64 bytes of values; where there
// are NULLs, a bit a row, set for NULL, in words of 64; for byte values where each ends (u32 a
// row); the values; CRC-32C of all of it (u32).
#pragma once

#include <cstddef>
#include <span>

#include "engine/base/byte_writer.h"
#include "engine/vector/column.h"

namespace footfall::vector {

void writeImage(const Column& column, base::ByteWriter& out);
// Fills `into`, which is empty and has the column's type. Throws CorruptData; then `into` is to be
// thrown away.
void readImage(std::span<const std::byte> image, Column& into);

}  // namespace footfall::vector
