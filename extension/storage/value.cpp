// See value.h.
#include "extension/storage/value.h"

#include <cstring>

namespace footfall::storage {

namespace {

vector::Content contentOf(Oid type) {
    switch (type) {
        case TEXTOID:
        case VARCHAROID:
        case BPCHAROID:
        case JSONOID:
        case XMLOID:
            return vector::Content::Text;
        case NUMERICOID:
            return vector::Content::Numeric;
        case JSONBOID:
            return vector::Content::Jsonb;
        case UUIDOID:
            return vector::Content::Uuid;
        default:
            return vector::Content::Plain;
    }
}

// Copies the values of a by-reference column into one allocation, each in the form a Datum of the
// type points to.
void referencesToDatums(const vector::Column& column, Form_pg_attribute attribute,
                        std::pmr::memory_resource* resource, Datum* values, bool* nulls) {
    const uint32_t rows = column.size();
    const bool fixed = attribute->attlen > 0;
    const bool varlena = attribute->attlen == -1;
    Size total = 0;
    for (uint32_t i = 0; i < rows; i++) {
        if (!column.isNull(i)) {
            total += MAXALIGN(fixed ? static_cast<Size>(attribute->attlen)
                                    : column.bytesAt(i).size() + VARHDRSZ);
        }
    }
    char* target = static_cast<char*>(resource->allocate(Max(total, Size{1}), MAXIMUM_ALIGNOF));
    for (uint32_t i = 0; i < rows; i++) {
        nulls[i] = column.isNull(i);
        if (nulls[i]) {
            values[i] = Datum{0};
            continue;
        }
        values[i] = PointerGetDatum(target);
        if (fixed) {
            memcpy(target, column.fixedAt(i), attribute->attlen);
            target += MAXALIGN(static_cast<Size>(attribute->attlen));
            continue;
        }
        std::string_view bytes = column.bytesAt(i);
        if (varlena) {
            SET_VARSIZE(target, bytes.size() + VARHDRSZ);
            std::copy(bytes.begin(), bytes.end(), VARDATA(target));
        } else {
            std::copy(bytes.begin(), bytes.end(), target);
            target[bytes.size()] = '\0';
        }
        target += MAXALIGN(bytes.size() + VARHDRSZ);
    }
}

template <class T, class Convert>
void scalarsToDatums(const vector::Column& column, Convert convert, Datum* values, bool* nulls) {
    const T* source = column.values<T>();
    const uint32_t rows = column.size();
    for (uint32_t i = 0; i < rows; i++) {
        values[i] = convert(source[i]);
    }
    if (column.nullCount() == 0) {
        memset(nulls, 0, rows);
        return;
    }
    for (uint32_t i = 0; i < rows; i++) {
        nulls[i] = column.isNull(i);
    }
}

}  // namespace

bool isStored(Form_pg_attribute attribute) {
#if PG_VERSION_NUM >= 180000
    if (attribute->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL) {
        return false;
    }
#endif
    return !attribute->attisdropped;
}

bool hasStoredColumns(TupleDesc descriptor) {
    for (int i = 0; i < descriptor->natts; i++) {
        if (isStored(TupleDescAttr(descriptor, i))) {
            return true;
        }
    }
    return false;
}

vector::ColumnType columnTypeOf(Form_pg_attribute attribute) {
    using vector::ColumnType;
    using vector::Kind;
    if (attribute->attlen < 0) {
        return ColumnType::bytes(contentOf(attribute->atttypid));
    }
    if (!attribute->attbyval) {
        return ColumnType::fixed(static_cast<uint16_t>(attribute->attlen),
                                 contentOf(attribute->atttypid));
    }
    switch (attribute->atttypid) {
        case BOOLOID:
            return ColumnType::of(Kind::Bool);
        case FLOAT4OID:
            return ColumnType::of(Kind::Float32);
        case FLOAT8OID:
            return ColumnType::of(Kind::Float64);
        default:
            break;
    }
    switch (attribute->attlen) {
        case 1:
            return ColumnType::of(Kind::Int8);
        case 2:
            return ColumnType::of(Kind::Int16);
        case 4:
            return ColumnType::of(Kind::Int32);
        default:
            return ColumnType::of(Kind::Int64);
    }
}

Size prepareValue(Form_pg_attribute attribute, Datum* value) {
    if (attribute->attlen > 0) {
        return static_cast<Size>(attribute->attlen);
    }
    if (attribute->attlen == -2) {
        return strlen(DatumGetCString(*value));
    }
    auto* varlena = reinterpret_cast<struct varlena*>(DatumGetPointer(*value));
    // An external pointer has a short header too: a plain short value is neither external nor
    // compressed.
    if (VARATT_IS_EXTERNAL(varlena) || VARATT_IS_COMPRESSED(varlena)) {
        varlena = detoast_attr(varlena);
        *value = PointerGetDatum(varlena);
    }
    return VARSIZE_ANY_EXHDR(varlena);
}

void appendValue(vector::Column& column, Form_pg_attribute attribute, Datum value) {
    if (attribute->attlen == -1) {
        auto* varlena = reinterpret_cast<struct varlena*>(DatumGetPointer(value));
        column.appendBytes(VARDATA_ANY(varlena), VARSIZE_ANY_EXHDR(varlena));
        return;
    }
    if (attribute->attlen == -2) {
        const char* text = DatumGetCString(value);
        column.appendBytes(text, strlen(text));
        return;
    }
    if (!attribute->attbyval) {
        column.appendFixed(DatumGetPointer(value));
        return;
    }
    switch (attribute->attlen) {
        case 1:
            column.append<int8>(DatumGetChar(value));
            break;
        case 2:
            column.append<int16>(DatumGetInt16(value));
            break;
        case 4:
            column.append<int32>(DatumGetInt32(value));
            break;
        default:
            column.append<int64>(DatumGetInt64(value));
            break;
    }
}

namespace {

template <class Append>
void appendEach(vector::Column& column, int attribute, TupleTableSlot* const* slots, int count,
                Append append) {
    for (int r = 0; r < count; r++) {
        if (slots[r]->tts_isnull[attribute]) {
            column.appendNull();
        } else {
            append(slots[r]->tts_values[attribute]);
        }
    }
}

}  // namespace

void appendAttribute(vector::Column& column, Form_pg_attribute form, int attribute,
                     TupleTableSlot* const* slots, int count) {
    if (form->attlen == -1) {
        appendEach(column, attribute, slots, count, [&](Datum value) {
            auto* varlena = reinterpret_cast<struct varlena*>(DatumGetPointer(value));
            column.appendBytes(VARDATA_ANY(varlena), VARSIZE_ANY_EXHDR(varlena));
        });
    } else if (form->attlen == 8 && form->attbyval) {
        appendEach(column, attribute, slots, count,
                   [&](Datum value) { column.append<int64>(DatumGetInt64(value)); });
    } else if (form->attlen == 4 && form->attbyval) {
        appendEach(column, attribute, slots, count,
                   [&](Datum value) { column.append<int32>(DatumGetInt32(value)); });
    } else {
        appendEach(column, attribute, slots, count,
                   [&](Datum value) { appendValue(column, form, value); });
    }
}

void columnToDatums(const vector::Column& column, Form_pg_attribute attribute,
                    std::pmr::memory_resource* resource, Datum* values, bool* nulls) {
    if (!attribute->attbyval) {
        referencesToDatums(column, attribute, resource, values, nulls);
        return;
    }
    switch (attribute->attlen) {
        case 1:
            scalarsToDatums<int8>(
                column, [](int8 v) { return CharGetDatum(v); }, values, nulls);
            break;
        case 2:
            scalarsToDatums<int16>(
                column, [](int16 v) { return Int16GetDatum(v); }, values, nulls);
            break;
        case 4:
            scalarsToDatums<int32>(
                column, [](int32 v) { return Int32GetDatum(v); }, values, nulls);
            break;
        default:
            scalarsToDatums<int64>(
                column, [](int64 v) { return Int64GetDatum(v); }, values, nulls);
            break;
    }
}

void blockToDatums(const vector::Block& block, Form_pg_attribute attribute,
                   std::pmr::memory_resource* resource, Datum* values, bool* nulls) {
    columnToDatums(block.values, attribute, resource, values, nulls);
    if (block.shape == vector::Block::Shape::Constant) {
        std::fill(values + 1, values + block.rows, values[0]);
        std::fill(nulls + 1, nulls + block.rows, nulls[0]);
    }
}

}  // namespace footfall::storage
