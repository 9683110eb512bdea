// Step functions: a table from bucket to answer, so that date_trunc costs a multiplication and a
// load a row. The table covers the buckets seen, up to a limit; its entries become the dictionary
// of the result.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "engine/encoding/column_codec.h"
#include "engine/scan/node.h"
#include "engine/scan/operands.h"

namespace footfall::scan {

using vector::Block;

namespace {

constexpr uint32_t kOffsetBits = 52;
constexpr uint64_t kMostBuckets = uint64_t{1} << 20;
constexpr uint32_t kMostEntries = 1 << 16;
// Buckets further out are not asked as a whole: their ends may be no timestamps.
constexpr int64_t kFarthest = int64_t{1} << 61;
// A zone map may speak of rows that are deleted, for which nobody may ask where a function could
// fail: the year 6566 is far enough.
constexpr int64_t kFarthestZone = int64_t{1} << 57;
// Of a zone map: six weeks by quarters of an hour.
constexpr int64_t kMostZoneBuckets = 4096;
constexpr uint32_t kBucketsAtOnce = kBatchRows / 2;

// Divides offsets below 2^52 by the width with one multiplication.
struct Divider {
    explicit Divider(int64_t width)
        : shift(kOffsetBits + std::bit_width(static_cast<uint64_t>(width) - 1)),
          factor(static_cast<uint64_t>(
              ((static_cast<unsigned __int128>(1) << shift) + static_cast<uint64_t>(width) - 1) /
              static_cast<uint64_t>(width))) {}
    uint64_t operator()(uint64_t offset) const noexcept {
        return static_cast<uint64_t>(static_cast<unsigned __int128>(offset) * factor >> shift);
    }
    uint32_t shift;
    uint64_t factor;
};

int64_t bucketOf(int64_t value, int64_t width) noexcept {
    const int64_t quotient = value / width;
    return quotient - static_cast<int64_t>(value % width < 0);
}

bool hasBucket(int64_t value) noexcept {
    return value > -kFarthest && value < kFarthest;
}

// The code of answer `row`; answers that fit in 64 bits get one code each.
uint32_t enter(FunctionMemo& memo, const vector::Column& output, uint32_t row) {
    if (output.isNull(row))
        return vector::kNullCode;
    const uint16_t width = output.type().width;
    if (width == 0 || width > sizeof(uint64_t)) {
        if (memo.entries.size() != 0 &&
            output.rowEquals(row, memo.entries, memo.entries.size() - 1)) {
            return memo.entries.size() - 1;
        }
        memo.entries.appendFrom(output, row);
        return memo.entries.size() - 1;
    }
    uint64_t bits = 0;
    std::memcpy(&bits, output.fixedAt(row), width);
    const auto [at, fresh] = memo.known.try_emplace(bits, memo.entries.size());
    if (fresh)
        memo.entries.appendFrom(output, row);
    return at->second;
}

// Makes the table cover the selected values as far as the limits allow. Its last entry stands for
// everything outside.
void cover(FunctionMemo& memo, const int64_t* values, const Selection& selection, int64_t width) {
    const auto most = static_cast<int64_t>(
        std::min(kMostBuckets, (uint64_t{1} << kOffsetBits) / static_cast<uint64_t>(width) - 1));
    int64_t first = memo.firstBucket;
    int64_t end = first + static_cast<int64_t>(memo.codes.size()) - 1;
    forSelected(selection, [&](uint32_t row) {
        if (!hasBucket(values[row]))
            return;
        const int64_t bucket = bucketOf(values[row], width);
        if (first >= end) {
            first = bucket;
            end = bucket + 1;
        } else if (bucket < first && end - bucket <= most) {
            first = bucket;
        } else if (bucket >= end && bucket + 1 - first <= most) {
            end = bucket + 1;
        }
    });
    if (first >= end)
        return;
    // The old last entry, not asked, becomes the entry of a bucket where the table grows.
    if (memo.codes.size() > 1) {
        memo.codes.insert(memo.codes.begin(), static_cast<size_t>(memo.firstBucket - first),
                          FunctionMemo::kNotAsked);
    }
    memo.codes.resize(static_cast<size_t>(end - first) + 1, FunctionMemo::kNotAsked);
    memo.firstBucket = first;
}

}  // namespace

// Asks for the first and the last value of each bucket that selected rows need and nobody asked.
void Evaluator::askBuckets(Node& node, const int64_t* values, const Selection& selection) {
    FunctionMemo& memo = node.memo;
    const int64_t width = node.expression.bucketWidth;
    const std::span<const int64_t> mixed = node.expression.mixedBuckets;
    cover(memo, values, selection, width);
    node.pending.clear();
    const auto count = static_cast<int64_t>(memo.codes.size()) - 1;
    forSelected(selection, [&](uint32_t row) {
        if (!hasBucket(values[row]))
            return;
        const int64_t at = bucketOf(values[row], width) - memo.firstBucket;
        if (at < 0 || at >= count || memo.codes[static_cast<size_t>(at)] != FunctionMemo::kNotAsked)
            return;
        memo.codes[static_cast<size_t>(at)] = FunctionMemo::kMixed;
        if (std::ranges::binary_search(mixed, memo.firstBucket + at))
            return;
        node.pending.push_back(static_cast<uint32_t>(at));
    });
    for (size_t done = 0; done < node.pending.size(); done += kBucketsAtOnce) {
        const size_t now = std::min<size_t>(kBucketsAtOnce, node.pending.size() - done);
        vector::Column& ends = node.request.values;
        ends.reset(vector::ColumnType::of(vector::Kind::Int64));
        for (size_t i = 0; i < now; ++i) {
            const int64_t first = (memo.firstBucket + node.pending[done + i]) * width;
            ends.append<int64_t>(first);
            ends.append<int64_t>(first + width - 1);
        }
        node.request.shape = Block::Shape::Flat;
        node.request.rows = ends.size();
        node.asked.resize(ends.size());
        for (uint32_t i = 0; i < ends.size(); ++i)
            node.asked[i] = static_cast<uint16_t>(i);
        const Block* request = &node.request;
        node.arguments.assign(1, request);
        ask(node, node.asked);
        for (size_t i = 0; i < now; ++i) {
            const auto at = static_cast<uint32_t>(2 * i);
            if (!node.output.isNull(at) && node.output.rowEquals(at, node.output, at + 1))
                memo.codes[node.pending[done + i]] = enter(memo, node.output, at);
        }
    }
}

// The code of everything from `least` to `greatest`, a code that is none where it has several.
uint32_t Evaluator::codeBetween(Node& node, int64_t least, int64_t greatest) {
    const FunctionMemo& memo = node.memo;
    const int64_t width = node.expression.bucketWidth;
    const int64_t first = bucketOf(least, width);
    const int64_t last = bucketOf(greatest, width);
    if (last - first >= kMostZoneBuckets)
        return FunctionMemo::kMixed;
    const auto codeOf = [&](int64_t bucket) {
        // A table that is full does not grow towards what lies before it: that is before its first.
        const auto at = static_cast<uint64_t>(bucket - memo.firstBucket);
        const size_t known = memo.codes.empty() ? 0 : memo.codes.size() - 1;
        return at < known ? memo.codes[at] : FunctionMemo::kNotAsked;
    };
    std::array<int64_t, kBatchRows> values;
    Selection each;
    values[0] = least;
    values[1] = greatest;
    each.selectAll(2);
    askBuckets(node, values.data(), each);
    const uint32_t code = codeOf(first);
    if (code >= FunctionMemo::kMixed || codeOf(last) != code)
        return FunctionMemo::kMixed;
    // Equal ends are not enough: an hour comes every day, and clocks that are put back at midnight
    // show a day twice.
    for (int64_t bucket = first + 1; bucket < last;) {
        const auto count = static_cast<uint32_t>(std::min<int64_t>(kBatchRows, last - bucket));
        for (uint32_t i = 0; i < count; ++i)
            values[i] = (bucket + i) * width;
        each.selectAll(count);
        askBuckets(node, values.data(), each);
        for (uint32_t i = 0; i < count; ++i) {
            if (codeOf(bucket + i) != code)
                return FunctionMemo::kMixed;
        }
        bucket += count;
    }
    return code;
}

// Whether a zone map answers for all rows of the batch: the column is not decoded for it then.
bool Evaluator::stepByZone(Node& node, Batch& batch) {
    const Expression& argument = *node.expression.arguments[0];
    FunctionMemo& memo = node.memo;
    int64_t least = 0;
    int64_t greatest = 0;
    if (argument.op != Operator::Column || !batch.zone(argument.index, least, greatest) ||
        least < -kFarthestZone || greatest > kFarthestZone) {
        return false;
    }
    // Batches of one segment come one after the other.
    if (!memo.zoneAsked || memo.zoneLeast != least || memo.zoneGreatest != greatest) {
        memo.zoneAsked = false;
        memo.zoneCode = codeBetween(node, least, greatest);
        memo.zoneLeast = least;
        memo.zoneGreatest = greatest;
        memo.zoneAsked = true;
    }
    if (memo.zoneCode >= FunctionMemo::kMixed)
        return false;
    node.constant(batch.rows()).appendFrom(memo.entries, memo.zoneCode);
    return true;
}

const Block& Evaluator::step(const Expression& expression, Batch& batch,
                             const Selection& selection) {
    Node& own = node(expression);
    FunctionMemo& memo = own.memo;
    if (memo.id == 0 || memo.entries.size() > kMostEntries) {
        memo.id = encoding::nextDictionaryId();
        memo.entries.clear();
        memo.known.clear();
        memo.codes.clear();
        memo.zoneAsked = false;
    }
    if (memo.codes.empty())
        memo.codes.push_back(FunctionMemo::kNotAsked);
    if (stepByZone(own, batch))
        return own.block;
    const Block& argument = evaluate(*expression.arguments[0], batch, selection);
    const bool constant = argument.shape == Block::Shape::Constant;
    if (constant && argument.values.isNull(0))
        return own.null(batch.rows());

    const uint32_t rows = constant ? 1 : batch.rows();
    const Selection* wanted = constant ? &one_ : &selection;
    const int64_t* values = load<int64_t>(argument, *wanted, own.left).values;
    RowBits nulls{};
    Selection valid;
    if (!constant && addNulls(argument, rows, nulls.data())) {
        valid = selection;
        keepBits(nulls, false, valid);
        wanted = &valid;
    }

    Block& block = own.block;
    block.shape = Block::Shape::Dictionary;
    block.rows = rows;
    block.codes.resize(kBatchRows);
    uint32_t* __restrict codes = block.codes.data();
    // Codes by the table; whether some row's is none.
    const auto translate = [&] {
        const uint32_t* __restrict table = memo.codes.data();
        const uint64_t count = memo.codes.size() - 1;
        const auto width = static_cast<uint64_t>(expression.bucketWidth);
        const uint64_t base = static_cast<uint64_t>(memo.firstBucket) * width;
        const uint64_t limit = count * width;
        const Divider divide(expression.bucketWidth);
        uint32_t highest = 0;
        forRows(*wanted, rows, [&](uint32_t row) {
            const uint64_t offset = std::min(static_cast<uint64_t>(values[row]) - base, limit);
            const uint32_t code = table[divide(offset)];
            highest = std::max(highest, code);
            codes[row] = code;
        });
        return highest >= FunctionMemo::kMixed;
    };
    bool open = translate();
    if (open) {
        askBuckets(own, values, *wanted);
        open = translate();
    }
    if (open) {
        own.asked.clear();
        forSelected(*wanted, [&](uint32_t row) {
            if (codes[row] >= FunctionMemo::kMixed)
                own.asked.push_back(static_cast<uint16_t>(row));
        });
        if (!own.asked.empty()) {
            own.arguments.assign(1, &argument);
            ask(own, own.asked);
            for (uint32_t i = 0; i < own.asked.size(); ++i)
                codes[own.asked[i]] = enter(memo, own.output, i);
        }
    }
    if (open || wanted == &valid || !isDense(*wanted, rows)) {
        // Whatever else stands there must be a code.
        RowBits known{};
        forSelected(*wanted, [&](uint32_t row) { setBit(known.data(), row); });
        for (uint32_t row = 0; row < rows; ++row) {
            if (!testBit(known.data(), row))
                codes[row] = vector::kNullCode;
        }
    }
    block.codes.resize(rows);
    block.dictionary = &memo.entries;
    block.dictionaryId = memo.id;
    if (constant) {
        const uint32_t code = codes[0];
        vector::Column& value = own.constant(batch.rows());
        if (code == vector::kNullCode)
            value.appendNull();
        else
            value.appendFrom(memo.entries, code);
    }
    return block;
}

}  // namespace footfall::scan
