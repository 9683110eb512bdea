// Batches of random columns in every shape, for tests of what runs over batches.
#pragma once

#include <deque>
#include <memory_resource>
#include <random>
#include <string>
#include <vector>

#include "engine/encoding/column_codec.h"
#include "engine/scan/batch.h"

namespace footfall::samples {

using Random = std::mt19937_64;

inline uint64_t below(Random& random, uint64_t limit) {
    return random() % limit;
}

// A value of a type, few of them distinct, extremes among them.
inline void appendRandom(vector::Column& column, Random& random, bool nulls) {
    if (nulls && below(random, 5) == 0) {
        column.appendNull();
        return;
    }
    const bool extreme = below(random, 40) == 0;
    const auto small = static_cast<int64_t>(below(random, 7)) - 3;
    switch (column.type().kind) {
        case vector::Kind::Bool:
            column.append<uint8_t>(static_cast<uint8_t>(below(random, 2)));
            break;
        case vector::Kind::Int8:
            column.append<int8_t>(static_cast<int8_t>(small));
            break;
        case vector::Kind::Int16:
            column.append<int16_t>(extreme ? INT16_MIN : static_cast<int16_t>(small));
            break;
        case vector::Kind::Int32:
            column.append<int32_t>(extreme ? INT32_MAX : static_cast<int32_t>(small));
            break;
        case vector::Kind::Int64:
            column.append<int64_t>(extreme ? INT64_MIN : small);
            break;
        case vector::Kind::Float32:
            column.append<float>(extreme ? std::numeric_limits<float>::quiet_NaN()
                                         : static_cast<float>(small) / 2);
            break;
        case vector::Kind::Float64:
            column.append<double>(extreme ? (small > 0 ? 1e308 : NAN)
                                          : static_cast<double>(small) / 2);
            break;
        case vector::Kind::Bytes: {
            static const char* const kTexts[] = {"", "a", "b", "ab", "abc", "caf\xc3\xa9", "cab"};
            column.appendBytes(std::string(kTexts[below(random, 7)]));
            break;
        }
        case vector::Kind::Fixed: {
            std::string value(column.type().width, static_cast<char>('a' + small));
            column.appendFixed(value.data());
            break;
        }
    }
}

class RandomBatch final : public scan::Batch {
  public:
    RandomBatch(std::vector<vector::ColumnType> types, Random& random)
        : types_(std::move(types)), random_(random) {
        for (size_t i = 0; i < types_.size(); ++i)
            blocks_.emplace_back(std::pmr::new_delete_resource());
        dictionaries_.resize(types_.size());
    }

    // New rows; a dictionary sometimes stays from the batch before.
    void refill(uint32_t rows, bool nulls = true) {
        rows_ = rows;
        for (size_t i = 0; i < types_.size(); ++i)
            refill(i, rows, nulls && below(random_, 2) == 0);
    }
    const vector::Block& column(uint32_t index) override { return blocks_[index]; }
    const std::vector<vector::ColumnType>& types() const { return types_; }

  private:
    struct Dictionary {
        vector::Column* entries = nullptr;
        uint64_t id = 0;
    };

    void refill(size_t index, uint32_t rows, bool nulls) {
        vector::Block& block = blocks_[index];
        block.rows = rows;
        block.shape = static_cast<vector::Block::Shape>(below(random_, 3));
        block.values.reset(types_[index]);
        switch (block.shape) {
            case vector::Block::Shape::Flat:
                for (uint32_t row = 0; row < rows; ++row)
                    appendRandom(block.values, random_, nulls);
                return;
            case vector::Block::Shape::Constant:
                appendRandom(block.values, random_, nulls);
                return;
            case vector::Block::Shape::Dictionary:
                break;
        }
        Dictionary& dictionary = dictionaries_[index];
        if (dictionary.entries == nullptr || below(random_, 3) == 0) {
            kept_.emplace_back(types_[index], std::pmr::new_delete_resource());
            dictionary.entries = &kept_.back();
            dictionary.id = encoding::nextDictionaryId();
            for (int tries = 0; tries < 6 || dictionary.entries->size() == 0; ++tries) {
                vector::Column one(types_[index], std::pmr::new_delete_resource());
                appendRandom(one, random_, false);
                bool known = false;
                for (uint32_t row = 0; row < dictionary.entries->size(); ++row)
                    known |= dictionary.entries->rowEquals(row, one, 0);
                if (!known)
                    dictionary.entries->appendFrom(one, 0);
            }
        }
        block.dictionary = dictionary.entries;
        block.dictionaryId = dictionary.id;
        block.codes.clear();
        for (uint32_t row = 0; row < rows; ++row) {
            block.codes.push_back(
                nulls && below(random_, 5) == 0
                    ? vector::kNullCode
                    : static_cast<uint32_t>(below(random_, dictionary.entries->size())));
        }
    }

    std::vector<vector::ColumnType> types_;
    Random& random_;
    std::deque<vector::Block> blocks_;
    std::vector<Dictionary> dictionaries_;
    std::deque<vector::Column> kept_;
};

inline void randomSelection(scan::Selection& selection, uint32_t rows, Random& random) {
    selection.selectAll(rows);
    const uint64_t share = below(random, 4);
    if (share == 0)
        return;
    uint16_t* room = selection.room();
    uint32_t count = 0;
    for (uint32_t row = 0; row < rows; ++row) {
        if (below(random, 10) < share * 3)
            room[count++] = static_cast<uint16_t>(row);
    }
    selection.assign(count);
}

}  // namespace footfall::samples
