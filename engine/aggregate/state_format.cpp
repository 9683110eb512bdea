#include "engine/aggregate/state_format.h"

#include <bit>
#include <cstring>

#include "engine/base/byte_reader.h"
#include "engine/scan/value_order.h"
#include "engine/scan/range_error.h"

namespace footfall::aggregate {

using vector::ColumnType;

namespace {

constexpr uint8_t kVersion = 2;

void writeFloat(base::ByteWriter& out, double value) {
    out.u64(std::bit_cast<uint64_t>(value));
}

double readFloat(base::ByteReader& in) {
    return std::bit_cast<double>(in.u64());
}

void writeWide(base::ByteWriter& out, const WideSum& sum) {
    out.u64(sum.low);
    out.zigzag(sum.high);
}

WideSum readWide(base::ByteReader& in) {
    WideSum sum;
    sum.low = in.u64();
    sum.high = in.zigzag();
    return sum;
}

int64_t readCount(base::ByteReader& in) {
    return static_cast<int64_t>(in.varintUpTo(INT64_MAX / 2, "a count"));
}

void addCount(int64_t& count, int64_t more) {
    if (count > INT64_MAX - more)
        base::throwCorrupt("counts of an aggregate's states overflow");
    count += more;
}

void writeValue(base::ByteWriter& out, ColumnType type, const Value& value) {
    if (type.isInteger()) {
        out.zigzag(value.integer);
    } else if (type.isFloat()) {
        writeFloat(out, value.real);
    } else {
        out.varint(value.bytes.size());
        out.append(value.bytes);
    }
}

Value readValue(base::ByteReader& in, ColumnType type) {
    Value value;
    if (type.isInteger()) {
        value.integer = in.zigzag();
        if (type.width < 8) {
            const int64_t half = int64_t{1} << (type.width * 8 - 1);
            if (value.integer < -half || value.integer >= half)
                base::throwCorrupt("a state's integer is beyond its type");
        }
    } else if (type.isFloat()) {
        value.real = readFloat(in);
    } else {
        value.bytes = in.text(in.varintUpTo(UINT32_MAX, "the length of a value"));
        if (!type.isBytes() && value.bytes.size() != type.width)
            base::throwCorrupt("a state's value has %zu bytes, not %u", value.bytes.size(),
                               type.width);
    }
    return value;
}

void writeState(base::ByteWriter& out, const Store& store, uint32_t group, const Field& field) {
    switch (field.form) {
        case Form::Count:
            out.varint(static_cast<uint64_t>(store.state<CountState>(group, field).count));
            return;
        case Form::IntegerSum: {
            const auto& state = store.state<IntegerSumState>(group, field);
            out.varint(static_cast<uint64_t>(state.count));
            out.zigzag(state.sum);
            return;
        }
        case Form::WideSum: {
            const auto& state = store.state<WideSumState>(group, field);
            out.varint(static_cast<uint64_t>(state.count));
            writeWide(out, state.sum);
            return;
        }
        case Form::FloatSum: {
            const auto& state = store.state<FloatSumState>(group, field);
            out.varint(static_cast<uint64_t>(state.count));
            out.u8(static_cast<uint8_t>(state.flags));
            state.value();
            writeFloat(out, state.sum.sum);
            writeFloat(out, state.sum.error);
            if ((state.flags & FloatSumState::kLarge) != 0)
                writeFloat(out, state.squares);
            return;
        }
        case Form::IntegerMin:
        case Form::IntegerMax: {
            const auto& state = store.state<IntegerBoundState>(group, field);
            out.varint(static_cast<uint64_t>(state.count));
            if (state.count != 0)
                out.zigzag(state.value);
            return;
        }
        case Form::FloatMin:
        case Form::FloatMax: {
            const auto& state = store.state<FloatBoundState>(group, field);
            out.varint(static_cast<uint64_t>(state.count));
            if (state.count != 0)
                writeFloat(out, state.value);
            return;
        }
        case Form::BytesMin:
        case Form::BytesMax: {
            const auto& state = store.state<BytesBoundState>(group, field);
            out.varint(static_cast<uint64_t>(state.count));
            if (state.count != 0) {
                out.varint(state.size);
                out.append(std::string_view(state.data, state.size));
            }
            return;
        }
        case Form::IntegerVariance: {
            const auto& state = store.state<IntegerVarianceState>(group, field);
            out.varint(static_cast<uint64_t>(state.count));
            writeWide(out, state.sum);
            writeWide(out, state.squares);
            return;
        }
        case Form::FloatVariance: {
            const auto& state = store.state<FloatVarianceState>(group, field);
            out.varint(static_cast<uint64_t>(state.count));
            writeFloat(out, state.sum);
            writeFloat(out, state.squares);
            return;
        }
        case Form::Regression: {
            const auto& state = store.state<RegressionState>(group, field);
            out.varint(static_cast<uint64_t>(state.count));
            for (const double value : {state.sx, state.sxx, state.sy, state.syy, state.sxy})
                writeFloat(out, value);
            return;
        }
    }
}

template <class State, class Better>
void mergeBound(State& state, int64_t count, decltype(State::value) value, Better&& better) {
    if (state.count == 0 || better(value, state.value))
        state.value = value;
    addCount(state.count, count);
}

void mergeState(base::ByteReader& in, Store& store, uint32_t group, const Field& field) {
    const int64_t count = readCount(in);
    switch (field.form) {
        case Form::Count:
            return addCount(store.state<CountState>(group, field).count, count);
        case Form::IntegerSum: {
            auto& state = store.state<IntegerSumState>(group, field);
            addCount(state.count, count);
            if (__builtin_add_overflow(state.sum, in.zigzag(), &state.sum))
                scan::throwOutOfRange<int64_t>();
            return;
        }
        case Form::WideSum: {
            auto& state = store.state<WideSumState>(group, field);
            addCount(state.count, count);
            state.sum.add(readWide(in).value());
            return;
        }
        case Form::FloatSum: {
            FloatSumState other{};
            other.count = count;
            other.flags = in.u8();
            if (other.flags > (FloatSumState::kNotFinite | FloatSumState::kLarge))
                base::throwCorrupt("flags %d of a sum are not known",
                                   static_cast<int>(other.flags));
            other.sum.sum = readFloat(in);
            other.sum.error = readFloat(in);
            if ((other.flags & FloatSumState::kLarge) != 0)
                other.squares = readFloat(in);
            auto& state = store.state<FloatSumState>(group, field);
            int64_t total = state.count;
            addCount(total, count);
            return state.merge(other);
        }
        case Form::IntegerMin:
        case Form::IntegerMax: {
            auto& state = store.state<IntegerBoundState>(group, field);
            if (count == 0)
                return;
            const bool min = field.form == Form::IntegerMin;
            return mergeBound(state, count, readValue(in, field.spec.argument->type).integer,
                              [&](int64_t a, int64_t b) { return min ? a < b : a > b; });
        }
        case Form::FloatMin:
        case Form::FloatMax: {
            auto& state = store.state<FloatBoundState>(group, field);
            if (count == 0)
                return;
            const bool min = field.form == Form::FloatMin;
            return mergeBound(state, count, readFloat(in), [&](double a, double b) {
                const int order = scan::compareFloats(a, b);
                return min ? order < 0 : order > 0;
            });
        }
        case Form::BytesMin:
        case Form::BytesMax: {
            auto& state = store.state<BytesBoundState>(group, field);
            if (count == 0)
                return;
            const std::string_view value =
                in.text(in.varintUpTo(UINT32_MAX, "the length of a value"));
            const ColumnType type = field.spec.argument->type;
            if (!type.isBytes() && value.size() != type.width)
                base::throwCorrupt("a state's value has %zu bytes, not %u", value.size(),
                                   type.width);
            const int64_t before = state.count;
            store.bound(state, value, field.form == Form::BytesMin);
            state.count = before;
            return addCount(state.count, count);
        }
        case Form::IntegerVariance: {
            auto& state = store.state<IntegerVarianceState>(group, field);
            addCount(state.count, count);
            state.sum.add(readWide(in).value());
            state.squares.add(readWide(in).value());
            return;
        }
        case Form::FloatVariance: {
            FloatVarianceState other{};
            other.count = count;
            other.sum = readFloat(in);
            other.squares = readFloat(in);
            auto& state = store.state<FloatVarianceState>(group, field);
            int64_t total = state.count;
            addCount(total, count);
            return state.merge(other);
        }
        case Form::Regression: {
            RegressionState other{};
            other.count = count;
            for (double* value : {&other.sx, &other.sxx, &other.sy, &other.syy, &other.sxy})
                *value = readFloat(in);
            auto& state = store.state<RegressionState>(group, field);
            int64_t total = state.count;
            addCount(total, count);
            return state.merge(other);
        }
    }
}

}  // namespace

namespace {

// The elements of an ascending list that are of the group; `at` moves past them.
template <class Element>
std::span<const Element> ofGroup(const std::pmr::vector<Element>& all, uint32_t group, size_t& at) {
    while (at < all.size() && all[at].group < group)
        ++at;
    const size_t first = at;
    while (at < all.size() && all[at].group == group)
        ++at;
    return {all.data() + first, at - first};
}

// How many pages of values the type can have.
uint64_t pagesOf(ColumnType type) {
    const unsigned bits = type.width * 8U - 1;
    return std::min(DistinctSet::kPages, uint64_t{1} << (bits - DistinctSet::kPageBits));
}

void readPages(base::ByteReader& in, uint64_t pages, Store& store, uint32_t group,
               const Field& field, Distinct& distinct) {
    const ColumnType type = field.spec.argument->type;
    if (!type.isInteger() || distinct.values.interned())
        base::throwCorrupt("a state has pages of values that are no integers");
    for (; pages > 0; --pages) {
        const uint64_t number = in.varintUpTo(pagesOf(type) - 1, "a page of values");
        uint64_t words[DistinctSet::kPageWords];
        std::memcpy(words, in.bytes(sizeof(words)).data(), sizeof(words));
        if (field.form == Form::Count) {
            addCount(store.state<CountState>(group, field).count,
                     static_cast<int64_t>(distinct.set.insertPage(group, number, words)));
            continue;
        }
        for (size_t bit = 0; bit < DistinctSet::kPageValues; ++bit) {
            const uint64_t value = number * DistinctSet::kPageValues + bit;
            if ((words[bit / 64] >> bit % 64 & 1) != 0 && distinct.set.insert(group, value))
                store.addValue(group, field, distinct.values.valueOf(value, false));
        }
    }
}

}  // namespace

StateWriter::StateWriter(const Store& store, std::pmr::memory_resource* resource)
    : store_(store), values_(resource) {
    for (size_t i = 0; i < store.layout().fields.size(); ++i) {
        values_.push_back({false, std::pmr::vector<DistinctSet::Pair>(resource),
                           std::pmr::vector<DistinctSet::PageOfGroup>(resource), 0});
        const Distinct* distinct = store.distinct(i);
        if (distinct == nullptr)
            continue;
        Values& values = values_.back();
        values.asPages = distinct->set.isBits() && distinct->values.type().isInteger() &&
                         !distinct->values.interned();
        if (values.asPages)
            distinct->set.sortedPages(values.pages);
        else
            distinct->set.sorted(values.pairs);
    }
}

void StateWriter::writeHeader(base::ByteWriter& out, uint32_t groups) const {
    out.u8(kVersion);
    out.u32(store_.layout().fingerprint);
    out.u32(groups);
}

void StateWriter::writeGroup(base::ByteWriter& out, uint32_t group) {
    const Layout& layout = store_.layout();
    for (uint32_t i = 0; i < layout.keys.size(); ++i) {
        const Value value = store_.table().key(group, i);
        out.u8(value.null ? 0 : 1);
        if (!value.null)
            writeValue(out, layout.keys[i], value);
    }
    for (size_t i = 0; i < layout.fields.size(); ++i) {
        if (store_.distinct(i) == nullptr)
            writeState(out, store_, group, layout.fields[i]);
        else
            writeValues(out, group, i);
    }
}

// Twice their number, and 1 where they stand as pages of bits.
void StateWriter::writeValues(base::ByteWriter& out, uint32_t group, size_t field) {
    Values& values = values_[field];
    if (values.asPages) {
        const auto pages = ofGroup(values.pages, group, values.at);
        out.varint(pages.size() * 2 + 1);
        for (const DistinctSet::PageOfGroup& page : pages) {
            out.varint(page.number);
            std::memcpy(out.extend(DistinctSet::kPageValues / 8), page.words,
                        DistinctSet::kPageValues / 8);
        }
        return;
    }
    const auto pairs = ofGroup(values.pairs, group, values.at);
    out.varint(pairs.size() * 2);
    for (const DistinctSet::Pair& pair : pairs) {
        writeValue(out, store_.layout().fields[field].spec.argument->type,
                   store_.distinct(field)->values.valueOf(pair.value, false));
    }
}

void readStates(std::span<const std::byte> bytes, Store& store) {
    base::ByteReader in(bytes);
    const Layout& layout = store.layout();
    if (const uint8_t version = in.u8(); version != kVersion)
        base::throwCorrupt("aggregate states of unknown version %u", version);
    if (in.u32() != layout.fingerprint)
        base::throwCorrupt("aggregate states of another query");
    std::pmr::vector<Value> keys(layout.keys.size());
    const uint32_t groups = in.u32();
    if (groups > (keys.empty() ? 1 : in.remaining()))
        base::throwCorrupt("%u groups in %zu bytes", groups, in.remaining());
    for (uint32_t read = 0; read < groups; ++read) {
        for (size_t i = 0; i < keys.size(); ++i) {
            if (in.u8() != 0) {
                keys[i] = readValue(in, layout.keys[i]);
            } else {
                keys[i] = {};
                keys[i].null = true;
            }
        }
        const uint32_t group = store.table().findOne(keys);
        store.makeStates();
        for (size_t i = 0; i < layout.fields.size(); ++i) {
            const Field& field = layout.fields[i];
            Distinct* distinct = store.distinct(i);
            if (distinct == nullptr) {
                mergeState(in, store, group, field);
                continue;
            }
            const uint64_t head = in.varint();
            if (head % 2 != 0) {
                readPages(in, head / 2, store, group, field, *distinct);
                continue;
            }
            for (uint64_t values = head / 2; values > 0; --values) {
                const Value value = readValue(in, field.spec.argument->type);
                if (distinct->set.insert(group, distinct->values.wordOf(value)))
                    store.addValue(group, field, value);
            }
        }
    }
    in.expectEnd();
}

}  // namespace footfall::aggregate
