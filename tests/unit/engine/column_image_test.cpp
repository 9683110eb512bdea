#include <gtest/gtest.h>

#include <vector>

#include "engine/base/checksum.h"
#include "engine/vector/column_image.h"
#include "tests/unit/engine/column_samples.h"

namespace footfall::vector {
namespace {

std::pmr::memory_resource* heap() {
    return std::pmr::new_delete_resource();
}

TEST(ColumnImage, GivesEveryColumnBack) {
    for (const ColumnType type : samples::allTypes()) {
        for (const samples::Values values : samples::kAllValues) {
            for (const samples::Nulls nulls : samples::kAllNulls) {
                for (const uint32_t rows : {0U, 1U, 64U, 2000U}) {
                    const Column column = samples::makeColumn(type, rows, values, nulls, rows);
                    base::ByteWriter image;
                    writeImage(column, image);
                    Column back(type, heap());
                    readImage(image.bytes(), back);
                    ASSERT_TRUE(back.equals(column)) << samples::typeName(type) << " " << rows;
                }
            }
        }
    }
}

// Whatever byte is another, with and without a checksum that hides it: an error or a whole column,
// never a read outside.
TEST(ColumnImage, DamageIsAnErrorOrHarmless) {
    for (const ColumnType type :
         {ColumnType::of(Kind::Int32), ColumnType::bytes(Content::Text), ColumnType::fixed(3)}) {
        const Column column =
            samples::makeColumn(type, 70, samples::Values::Few, samples::Nulls::Some, 1);
        base::ByteWriter image;
        writeImage(column, image);
        const std::vector<std::byte> good(image.bytes().begin(), image.bytes().end());
        for (size_t at = 0; at < good.size(); ++at) {
            std::vector<std::byte> bad = good;
            bad[at] ^= std::byte{0x41};
            Column back(type, heap());
            EXPECT_THROW(readImage(bad, back), base::Error) << at;
            const size_t content = bad.size() - sizeof(uint32_t);
            const uint32_t crc = base::crc32c(std::span(bad).first(content));
            std::memcpy(bad.data() + content, &crc, sizeof(crc));
            Column mended(type, heap());
            try {
                readImage(bad, mended);
                EXPECT_EQ(mended.size(), 70U) << at;
            } catch (const base::Error& error) {
                EXPECT_EQ(error.kind(), base::ErrorKind::CorruptData);
            }
        }
        for (size_t size = 0; size < good.size(); ++size) {
            Column back(type, heap());
            EXPECT_THROW(readImage(std::span(good).first(size), back), base::Error) << size;
        }
    }
}

}  // namespace
}  // namespace footfall::vector
