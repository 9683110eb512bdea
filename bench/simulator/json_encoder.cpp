// Rows as JSON lines: one object a line, keys in the table's order, no key for a NULL.
#include "bench/simulator/encoders.h"
#include "bench/simulator/text_value.h"

#include <vector>

namespace footfall::simulator {

namespace {

class JsonEncoder final : public RowEncoder {
  public:
    explicit JsonEncoder(const Table& table) {
        for (const Column& column : table.columns) {
            keys_.push_back("\"" + std::string(column.name) + "\":");
        }
    }

    void begin() override {
        bytes_ += '{';
        column_ = 0;
    }
    void end() override {
        if (bytes_.back() == ',') {
            bytes_.back() = '}';
        } else {
            bytes_ += '}';
        }
        bytes_ += '\n';
    }
    void null() override { ++column_; }
    void boolean(bool value) override {
        key();
        bytes_ += value ? "true," : "false,";
    }
    void int16(int16_t value) override { int64(value); }
    void int32(int32_t value) override { int64(value); }
    void int64(int64_t value) override {
        key();
        appendInteger(bytes_, value);
        bytes_ += ',';
    }
    void float8(double value) override {
        key();
        appendFloat(bytes_, value);
        bytes_ += ',';
    }
    void cents(int64_t value) override {
        key();
        appendCents(bytes_, value);
        bytes_ += ',';
    }
    void text(std::string_view value) override {
        key();
        bytes_ += '"';
        for (char c : value) {
            if (c == '"' || c == '\\') {
                bytes_ += '\\';
                bytes_ += c;
            } else if (static_cast<unsigned char>(c) < 0x20) {
                constexpr char kHex[] = "0123456789abcdef";
                bytes_ += "\\u00";
                bytes_ += kHex[c >> 4];
                bytes_ += kHex[c & 15];
            } else {
                bytes_ += c;
            }
        }
        bytes_ += "\",";
    }
    void word(std::string_view value) override {
        key();
        bytes_ += '"';
        bytes_ += value;
        bytes_ += "\",";
    }
    void timestamp(int64_t millis) override {
        key();
        bytes_ += '"';
        times_.append(bytes_, millis);
        bytes_ += "\",";
    }
    void date(int64_t days) override {
        key();
        bytes_ += '"';
        times_.appendDate(bytes_, days);
        bytes_ += "\",";
    }

  private:
    void key() { bytes_ += keys_[column_++]; }

    std::vector<std::string> keys_;
    size_t column_ = 0;
    TimestampWriter times_;
};

}  // namespace

std::unique_ptr<RowEncoder> makeJsonEncoder(const Table& table) {
    return std::make_unique<JsonEncoder>(table);
}

}  // namespace footfall::simulator
