// Batches of random columns in every shape, for tests of what runs over batches. Some columns are
// known by runs and by a zone map, too.
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
        for (size_t i = 0; i < types_.size(); ++i)
            runs_.emplace_back(std::pmr::new_delete_resource());
        known_.resize(types_.size());
    }

    // New rows; a dictionary sometimes stays from the batch before.
    void refill(uint32_t rows, bool nulls = true) {
        rows_ = rows;
        for (size_t i = 0; i < types_.size(); ++i) {
            refill(i, rows, nulls && below(random_, 2) == 0);
            describe(i);
        }
    }
    const vector::Block& column(uint32_t index) override { return blocks_[index]; }
    const vector::Runs* runs(uint32_t index) override {
        return known_[index].runs ? &runs_[index] : nullptr;
    }
    bool zone(uint32_t index, int64_t& least, int64_t& greatest) override {
        least = known_[index].least;
        greatest = known_[index].greatest;
        return known_[index].zone;
    }
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

    struct Known {
        bool runs = false;
        bool zone = false;
        int64_t least = 0;
        int64_t greatest = 0;
    };

    void describe(size_t index) {
        const vector::Block& block = blocks_[index];
        Known& known = known_[index] = {};
        known.runs = block.rows != 0 && below(random_, 2) == 0;
        if (known.runs)
            makeRuns(block, runs_[index]);
        if (!types_[index].isInteger() || block.rows == 0 || below(random_, 2) == 0)
            return;
        known = {known.runs, true, INT64_MAX, INT64_MIN};
        for (uint32_t row = 0; row < block.rows; ++row) {
            if (block.isNull(row)) {
                known.zone = false;
                return;
            }
            const int64_t value = block.holder().integerAt(block.holderRow(row));
            known.least = std::min(known.least, value);
            known.greatest = std::max(known.greatest, value);
        }
        // Rows that are deleted are in it.
        if (known.greatest < INT32_MAX)
            known.greatest += static_cast<int64_t>(below(random_, 4));
    }
    static bool sameRow(const vector::Block& block, uint32_t a, uint32_t b) {
        if (block.isNull(a) || block.isNull(b))
            return block.isNull(a) && block.isNull(b);
        const vector::Column& holder = block.holder();
        return holder.rowEquals(block.holderRow(a), holder, block.holderRow(b));
    }
    static void makeRuns(const vector::Block& block, vector::Runs& runs) {
        runs.ends.clear();
        vector::Block& values = runs.values;
        values.shape = block.shape;
        values.dictionary = block.dictionary;
        values.dictionaryId = block.dictionaryId;
        values.codes.clear();
        values.values.reset(block.values.type());
        const auto take = [&](uint32_t row) {
            if (block.shape == vector::Block::Shape::Dictionary)
                values.codes.push_back(block.codes[row]);
            else if (block.isNull(row))
                values.values.appendNull();
            else
                values.values.appendFrom(block.values, block.holderRow(row));
        };
        for (uint32_t row = 1; row <= block.rows; ++row) {
            if (row < block.rows && sameRow(block, row - 1, row))
                continue;
            runs.ends.push_back(static_cast<uint16_t>(row));
            take(row - 1);
        }
        values.rows = static_cast<uint32_t>(runs.ends.size());
    }

    std::vector<vector::ColumnType> types_;
    Random& random_;
    std::deque<vector::Block> blocks_;
    std::deque<vector::Runs> runs_;
    std::vector<Known> known_;
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
