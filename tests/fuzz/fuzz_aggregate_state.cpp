// States of aggregates, with version and fingerprint made to fit.
#include <vector>

#include "engine/aggregate/aggregation.h"
#include "engine/aggregate/layout.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace footfall;

// One aggregate of every form, plain and DISTINCT, under the keys that the input asks for.
struct Query {
    explicit Query(fuzz::Input& input) : builder(std::pmr::new_delete_resource()) {
        using aggregate::Function;
        using vector::Kind;
        for (int i = input.u8() % 3; i > 0; --i)
            keys.push_back(builder.column(0, input.type()));
        const auto add = [&](Function function, vector::ColumnType type, bool distinct = false) {
            aggregate::AggregateSpec spec;
            spec.function = function;
            spec.argument = spec.second = builder.column(0, type);
            spec.distinct = distinct;
            aggregates.push_back(spec);
        };
        for (int i = 1 + input.u8() % 4; i > 0; --i) {
            static const Kind kNumbers[] = {Kind::Int16, Kind::Int32, Kind::Int64, Kind::Float32,
                                            Kind::Float64};
            const uint8_t choice = input.u8();
            const auto number = vector::ColumnType::of(kNumbers[choice / 16 % 5]);
            switch (choice % 8) {
                case 0:
                    aggregates.push_back({});
                    break;
                case 1:
                    add(Function::Count, input.type(), true);
                    break;
                case 2:
                    add(Function::Sum, number);
                    break;
                case 3:
                    add(Function::Average, number, true);
                    break;
                case 4:
                    add(Function::Min, input.type());
                    break;
                case 5:
                    add(Function::Max, input.type());
                    break;
                case 6:
                    add(Function::Variance,
                        number.kind == Kind::Int64 ? vector::ColumnType::of(Kind::Int32) : number);
                    break;
                default:
                    add(Function::Regression, vector::ColumnType::of(Kind::Float64));
            }
        }
    }
    aggregate::AggregationSpec spec() const { return {{}, keys, aggregates}; }

    scan::ExpressionBuilder builder;
    std::vector<const scan::Expression*> keys;
    std::vector<aggregate::AggregateSpec> aggregates;
};

// Floats may overflow when states meet: the query's error, not the format's.
template <class Body>
void unlessOverflow(Body&& body) {
    fuzz::expectSafe([&] {
        try {
            body();
        } catch (const base::Error& error) {
            if (error.kind() != base::ErrorKind::OutOfRange)
                throw;
        }
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    fuzz::Input input(data, size);
    const Query query(input);
    auto* heap = std::pmr::new_delete_resource();
    std::vector<std::byte> bytes{std::byte{1}};
    const uint32_t fingerprint = aggregate::Layout(query.spec(), heap).fingerprint;
    const auto* raw = reinterpret_cast<const std::byte*>(&fingerprint);
    bytes.insert(bytes.end(), raw, raw + sizeof(fingerprint));
    const auto body = input.rest();
    bytes.insert(bytes.end(), body.begin(), body.end());
    unlessOverflow([&] {
        aggregate::Aggregation total(query.spec(), nullptr, nullptr, 0, heap);
        total.merge(bytes);
        total.merge(bytes);
        base::Buffer state(heap);
        std::vector<std::byte> again;
        while (total.nextState(state, 1000)) {
            // What was accepted is written in a form that is accepted.
            aggregate::Aggregation third(query.spec(), nullptr, nullptr, 0, heap);
            third.merge({state.data(), state.size()});
            third.finish();
            while (third.nextGroups()) {
                for (uint32_t group = 0; group < third.groups(); ++group) {
                    for (uint32_t i = 0; i < query.keys.size(); ++i)
                        (void)third.key(group, i);
                    for (uint32_t i = 0; i < query.aggregates.size(); ++i)
                        unlessOverflow([&] { (void)third.result(group, i); });
                }
            }
        }
    });
    return 0;
}
