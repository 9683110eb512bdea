// Rows as CSV, as COPY ... (FORMAT csv) reads it: NULL is an empty field without quotes.
#include "bench/simulator/encoders.h"
#include "bench/simulator/text_value.h"

namespace footfall::simulator {

namespace {

class CsvEncoder final : public RowEncoder {
  public:
    CsvEncoder(const Table& table, bool header) : table_(table), header_(header) {}

    void prologue() override {
        if (!header_) {
            return;
        }
        begin();
        for (const Column& column : table_.columns) {
            text(column.name);
        }
        end();
    }

    void begin() override {}
    void end() override { bytes_.back() = '\n'; }
    void null() override { bytes_ += ','; }
    void boolean(bool value) override { bytes_ += value ? "t," : "f,"; }
    void int16(int16_t value) override { int64(value); }
    void int32(int32_t value) override { int64(value); }
    void int64(int64_t value) override {
        appendInteger(bytes_, value);
        bytes_ += ',';
    }
    void float8(double value) override {
        appendFloat(bytes_, value);
        bytes_ += ',';
    }
    void cents(int64_t value) override {
        appendCents(bytes_, value);
        bytes_ += ',';
    }
    void text(std::string_view value) override {
        if (value.empty() || value.find_first_of(",\"\n\r") != std::string_view::npos) {
            bytes_ += '"';
            for (char c : value) {
                bytes_ += c;
                if (c == '"') {
                    bytes_ += c;
                }
            }
            bytes_ += '"';
        } else {
            bytes_ += value;
        }
        bytes_ += ',';
    }
    void word(std::string_view value) override {
        bytes_ += value;
        bytes_ += ',';
    }
    void timestamp(int64_t millis) override {
        times_.append(bytes_, millis);
        bytes_ += ',';
    }
    void date(int64_t days) override {
        times_.appendDate(bytes_, days);
        bytes_ += ',';
    }

  private:
    const Table& table_;
    bool header_;
    TimestampWriter times_;
};

}  // namespace

std::unique_ptr<RowEncoder> makeCsvEncoder(const Table& table, bool header) {
    return std::make_unique<CsvEncoder>(table, header);
}

}  // namespace footfall::simulator
