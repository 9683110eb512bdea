// Columns made of the input, encoded at each effort, come back as they were.
//
// Two bytes of rows, a count of columns, per column a type and a generator; values repeat the
// input's bytes in ways that make runs, dictionaries, dependencies and templates.
#include <array>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "engine/segment/segment_encoder.h"
#include "engine/segment/segment_reader.h"
#include "engine/segment/sort_permutation.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace footfall;

class Chunks final : public segment::ChunkSource {
  public:
    explicit Chunks(const segment::EncodedSegment& segment) : segment_(segment) {}
    void fetch(uint32_t column, uint32_t offset, std::span<std::byte> into) override {
        std::memcpy(into.data(), segment_.chunks[column].data() + offset, into.size());
    }
    void fetchIndex(uint32_t offset, std::span<std::byte> into) override {
        std::memcpy(into.data(), segment_.index.data() + offset, into.size());
    }

  private:
    const segment::EncodedSegment& segment_;
};

void appendValue(vector::Column& column, uint64_t word, uint8_t form, fuzz::Input& input) {
    const vector::ColumnType type = column.type();
    if (type.kind == vector::Kind::Bool) {
        column.append<uint8_t>(word & 1);
    } else if (type.isFloat() && (form & 4) != 0) {
        const double decimal = static_cast<double>(word % 100000) / 100;
        if (type.width == 4) {
            column.append<float>(static_cast<float>(decimal));
        } else {
            column.append<double>(decimal);
        }
    } else if (!type.isBytes()) {
        std::array<std::byte, vector::kMaxFixedWidth> bytes{};
        std::memcpy(bytes.data(), &word, sizeof(word));
        column.appendFixed(bytes.data());
    } else if ((form & 4) != 0) {
        std::array<char, 64> text;
        const int length = std::snprintf(
            text.data(), text.size(), (form & 8) != 0 ? "/a/%llu-%04llu" : "k%llu",
            static_cast<unsigned long long>(word), static_cast<unsigned long long>(word % 10000));
        column.appendBytes(text.data(), static_cast<size_t>(length));
    } else {
        const auto raw = input.bytes(word % 24);
        column.appendBytes(raw.data(), raw.size());
    }
}

vector::Column makeColumn(fuzz::Input& input, uint32_t rows,
                          const std::vector<vector::Column>& earlier) {
    const vector::ColumnType type = input.type();
    const uint8_t form = input.u8();
    const uint8_t nulls = input.u8();
    vector::Column column(type, std::pmr::new_delete_resource());
    uint64_t word = 0;
    uint8_t left = 0;
    for (uint32_t row = 0; row < rows; ++row) {
        if (nulls != 0 && (row / (1U + nulls % 7)) % (1 + nulls / 16U) == 1) {
            column.appendNull();
            continue;
        }
        if ((form & 16) != 0 && !earlier.empty()) {
            // Determined by the first column.
            const vector::Column& parent = earlier[0];
            word = 0;
            if (parent.type().isInteger() && !parent.isNull(row)) {
                word = static_cast<uint64_t>(parent.integerAt(row)) * ((form & 32) != 0 ? 1 : 77);
            }
        } else if (left == 0) {
            word = (form & 1) != 0 ? input.read<uint64_t>() : word + input.u8();
            left = (form & 2) != 0 ? input.u8() % 16 : 0;
        } else {
            --left;
        }
        appendValue(column, word, form, input);
    }
    return column;
}

void check(const std::vector<vector::Column>& columns, const segment::EncodedSegment& segment) {
    Chunks chunks(segment);
    std::pmr::memory_resource* heap = std::pmr::new_delete_resource();
    std::pmr::vector<std::byte> stored;
    segment.meta.serialize(stored);
    const auto meta = segment::SegmentMeta::parse(stored, heap);
    segment::SegmentReader reader(meta, chunks, heap);
    for (uint32_t c = 0; c < columns.size(); ++c) {
        vector::Column flat(columns[c].type(), heap);
        reader.append(c, 0, meta.rows(), flat);
        if (!flat.equals(columns[c]))
            std::abort();
        vector::Column shaped(columns[c].type(), heap);
        vector::Block block(heap);
        for (uint32_t row = 0; row < meta.rows(); row += 700) {
            reader.read(c, row, std::min(700U, meta.rows() - row), block);
            block.flatten(shaped);
        }
        if (!shaped.equals(columns[c]))
            std::abort();
        reader.verify(c);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    fuzz::Input input(data, size);
    const uint32_t rows = input.read<uint16_t>() % 6000;
    const uint32_t count = 1 + input.u8() % 4;
    const bool sorted = (input.u8() & 1) != 0;
    std::vector<vector::Column> columns;
    for (uint32_t c = 0; c < count; ++c)
        columns.push_back(makeColumn(input, rows, columns));
    const std::vector<uint32_t> keys = {0};
    if (sorted) {
        std::pmr::memory_resource* heap = std::pmr::new_delete_resource();
        const auto order = segment::sortPermutation(columns, keys, heap);
        for (vector::Column& column : columns)
            column = column.gather(order, heap);
    }
    for (int effort = 0; effort <= 2; ++effort) {
        segment::EncodeOptions options;
        options.effort = effort;
        options.bloomColumns = keys;
        if (sorted)
            options.sortKeys = keys;
        check(columns, segment::encodeSegment(columns, options, std::pmr::new_delete_resource()));
    }
    return 0;
}
