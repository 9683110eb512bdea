// One value, or NULL, for every row. Stored: a flag (1 for NULL), then the value's bytes.
#include "engine/encoding/column_codecs.h"

namespace footfall::encoding {
namespace {

class ConstantDecoder final : public ColumnDecoder {
  public:
    ConstantDecoder(base::ByteReader in, vector::ColumnType type, uint32_t rows, Arena& arena)
        : ColumnDecoder(type, rows), value_(type, arena.resource()) {
        const uint8_t null = in.u8();
        if (null > 1)
            base::throwCorrupt("NULL flag of a constant is %d", null);
        if (null == 1) {
            value_.appendNull();
        } else if (type.isBytes()) {
            const auto bytes = in.rest();
            value_.appendBytes(bytes.data(), bytes.size());
        } else {
            value_.appendFixed(in.bytes(type.width).data());
        }
        in.expectEnd();
    }

    void append(uint32_t, uint32_t count, vector::Column& out) override {
        for (uint32_t i = 0; i < count; ++i)
            out.appendFrom(value_, 0);
    }
    void read(uint32_t, uint32_t count, vector::Block& out) override {
        out.shape = vector::Block::Shape::Constant;
        out.rows = count;
        out.values.reset(type());
        out.values.appendFrom(value_, 0);
    }

  private:
    vector::Column value_;
};

}  // namespace

void encodeConstant(const vector::Column& column, base::ByteWriter& out) {
    out.u8(static_cast<uint8_t>(ColumnCodec::Constant));
    const bool null = column.size() == 0 || column.isNull(0);
    out.u8(null ? 1 : 0);
    if (null)
        return;
    if (column.type().isBytes()) {
        out.append(column.bytesAt(0));
    } else {
        out.append(std::span(column.fixedAt(0), column.type().width));
    }
}

ColumnDecoder* openConstant(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                            OpenContext& context) {
    return context.arena.make<ConstantDecoder>(in, type, rows, context.arena);
}

}  // namespace footfall::encoding
