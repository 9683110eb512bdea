// Packed sketches: what is accepted answers, is merged with itself, and is written in a form that
// is accepted.
#include "engine/sketch/frequent_values.h"
#include "engine/sketch/hyperloglog.h"
#include "engine/sketch/uddsketch.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace footfall;

// Sums of counts may overflow when sketches meet, and the sum of finite values: the values' fault.
template <class Body>
void unlessOverflow(Body&& body) {
    try {
        body();
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::OutOfRange)
            throw;
    }
}

template <class Sketch, class Ask>
void tryAs(std::span<const std::byte> bytes, Ask&& ask) {
    fuzz::expectSafe([&] {
        Sketch sketch(std::pmr::new_delete_resource());
        base::ByteReader reader(bytes);
        sketch.unpack(reader, size_t{1} << 26);
        ask(sketch);
        base::ByteWriter writer;
        sketch.pack(writer);
        // From here on nothing is damaged.
        try {
            Sketch again(std::pmr::new_delete_resource());
            base::ByteReader first(writer.bytes());
            again.unpack(first, size_t{1} << 26);
            base::ByteWriter copy;
            again.pack(copy);
            if (!std::ranges::equal(writer.bytes(), copy.bytes()))
                std::abort();
            unlessOverflow([&] {
                base::ByteReader second(writer.bytes());
                again.unpack(second, size_t{1} << 26);
                ask(again);
            });
        } catch (const base::Error&) {
            std::abort();
        }
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
    if (size == 0)
        return 0;
    switch (data[0]) {
        case 'H':
            tryAs<sketch::HyperLogLog>(bytes, [](auto& sketch) { (void)sketch.estimate(); });
            break;
        case 'U':
            tryAs<sketch::UddSketch>(bytes, [](auto& sketch) {
                for (const double p : {0.0, 0.01, 0.5, 0.99, 1.0})
                    (void)sketch.percentile(p);
                (void)sketch.error();
                unlessOverflow([&] { (void)sketch.mean(); });
                unlessOverflow([&] { sketch.add(1.5); });
            });
            break;
        case 'F':
            tryAs<sketch::FrequentValues>(bytes, [](auto& sketch) {
                (void)sketch.top();
                unlessOverflow([&] { sketch.add("value", size_t{1} << 26); });
            });
            break;
        default:
            break;
    }
    return 0;
}
