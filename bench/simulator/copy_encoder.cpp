// Rows as PostgreSQL's binary COPY format (the server's documentation, COPY, "Binary Format"; the
// values as each type's receive function reads them).
#include "bench/simulator/encoders.h"
#include "bench/simulator/civil_date.h"

#include <bit>

namespace footfall::simulator {

namespace {

// PostgreSQL counts time from 2000-01-01.
constexpr int64_t kEpochDays = 10957;
constexpr int64_t kEpochMillis = kEpochDays * kMillisPerDay;

class CopyEncoder final : public RowEncoder {
  public:
    explicit CopyEncoder(const Table& table)
        : columns_(static_cast<uint16_t>(table.columns.size())) {}

    void prologue() override {
        bytes_.append("PGCOPY\n\377\r\n\0", 11);
        number<uint32_t>(0);  // flags
        number<uint32_t>(0);  // length of the header's extension
    }
    void epilogue() override { number<uint16_t>(0xffff); }

    void begin() override { number<uint16_t>(columns_); }
    void end() override {}
    void null() override { number<uint32_t>(0xffffffff); }
    void boolean(bool value) override {
        number<uint32_t>(1);
        bytes_ += value ? '\1' : '\0';
    }
    void int16(int16_t value) override { field(static_cast<uint16_t>(value)); }
    void int32(int32_t value) override { field(static_cast<uint32_t>(value)); }
    void int64(int64_t value) override { field(static_cast<uint64_t>(value)); }
    void float8(double value) override { field(std::bit_cast<uint64_t>(value)); }
    void cents(int64_t value) override {
        // Digits to base 10,000, most significant first; the last one holds the two decimals.
        const bool negative = value < 0;
        uint64_t rest = negative ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
        uint16_t digits[8];
        int count = 0;
        digits[count++] = static_cast<uint16_t>(rest % 100 * 100);
        for (rest /= 100; rest != 0; rest /= 10000) {
            digits[count++] = static_cast<uint16_t>(rest % 10000);
        }
        int first = 0;  // zeros at the end are not stored
        while (first < count && digits[first] == 0) {
            ++first;
        }
        const int stored = count - first;
        number<uint32_t>(static_cast<uint32_t>(8 + 2 * stored));
        number<uint16_t>(static_cast<uint16_t>(stored));
        number<uint16_t>(static_cast<uint16_t>(stored == 0 ? 0 : count - 2));  // weight
        number<uint16_t>(negative ? 0x4000 : 0);
        number<uint16_t>(2);  // decimals shown
        for (int i = count - 1; i >= first; --i) {
            number<uint16_t>(digits[i]);
        }
    }
    void text(std::string_view value) override {
        number<uint32_t>(static_cast<uint32_t>(value.size()));
        bytes_ += value;
    }
    void timestamp(int64_t millis) override {
        field(static_cast<uint64_t>((millis - kEpochMillis) * 1000));
    }
    void date(int64_t days) override { field(static_cast<uint32_t>(days - kEpochDays)); }

  private:
    template <class Unsigned>
    void number(Unsigned value) {
        char network[sizeof(Unsigned)];
        for (size_t i = 0; i < sizeof(Unsigned); ++i) {
            network[i] = static_cast<char>(value >> (8 * (sizeof(Unsigned) - 1 - i)));
        }
        bytes_.append(network, sizeof network);
    }

    template <class Unsigned>
    void field(Unsigned value) {
        number<uint32_t>(sizeof(Unsigned));
        number(value);
    }

    uint16_t columns_;
};

}  // namespace

std::unique_ptr<RowEncoder> makeCopyEncoder(const Table& table) {
    return std::make_unique<CopyEncoder>(table);
}

}  // namespace footfall::simulator
