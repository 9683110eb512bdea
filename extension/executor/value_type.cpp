// See value_type.h.
#include "extension/executor/value_type.h"

#include <cstring>

#include "extension/storage/value.h"

namespace footfall::executor {

Form_pg_attribute valueForm(Oid type) {
    auto* form = static_cast<Form_pg_attribute>(palloc0(sizeof(FormData_pg_attribute)));
    form->atttypid = type;
    form->atttypmod = -1;
    get_typlenbyvalalign(type, &form->attlen, &form->attbyval, &form->attalign);
    return form;
}

vector::ColumnType storageType(Oid type) {
    FormData_pg_attribute form;
    memset(&form, 0, sizeof(form));
    form.atttypid = type;
    get_typlenbyval(type, &form.attlen, &form.attbyval);
    return storage::columnTypeOf(&form);
}

bool isIntegerInside(Oid type) {
    switch (type) {
        case INT2OID:
        case INT4OID:
        case INT8OID:
        case DATEOID:
        case TIMESTAMPOID:
        case TIMESTAMPTZOID:
            return true;
        default:
            return false;
    }
}

bool collationIsC(Oid collation) {
    if (!OidIsValid(collation)) {
        return false;
    }
#if PG_VERSION_NUM >= 180000
    return pg_newlocale_from_collation(collation)->collate_is_c;
#else
    return lc_collate_is_c(collation);
#endif
}

bool equalityIsBytewise(Oid type, Oid collation) {
    const Oid base = getBaseType(type);
    switch (base) {
        case FLOAT4OID:
        case FLOAT8OID:
            // A domain over a float is stored as an integer.
            return base == type;
        case BOOLOID:
        case CHAROID:
        case INT2OID:
        case INT4OID:
        case INT8OID:
        case OIDOID:
        case DATEOID:
        case TIMEOID:
        case TIMESTAMPOID:
        case TIMESTAMPTZOID:
        case UUIDOID:
        case BYTEAOID:
        case VARBITOID:
            return true;
        case TEXTOID:
        case VARCHAROID:
            return OidIsValid(collation) && get_collation_isdeterministic(collation);
        default:
            return type_is_enum(base);
    }
}

bool orderIsBytewise(Oid type, Oid collation) {
    switch (type) {
        case BOOLOID:
        case INT2OID:
        case INT4OID:
        case INT8OID:
        case FLOAT4OID:
        case FLOAT8OID:
        case DATEOID:
        case TIMEOID:
        case TIMESTAMPOID:
        case TIMESTAMPTZOID:
        case UUIDOID:
        case BYTEAOID:
            return true;
        case TEXTOID:
        case VARCHAROID:
            return collationIsC(collation);
        default:
            return false;
    }
}

namespace {

Datum bytesDatum(Form_pg_attribute form, const char* bytes, Size size) {
    if (form->attlen > 0) {
        auto* copy = static_cast<char*>(palloc(static_cast<Size>(form->attlen)));
        memcpy(copy, bytes, static_cast<Size>(form->attlen));
        return PointerGetDatum(copy);
    }
    if (form->attlen == -2) {
        return PointerGetDatum(pnstrdup(bytes, size));
    }
    auto* value = static_cast<struct varlena*>(palloc(size + VARHDRSZ));
    SET_VARSIZE(value, size + VARHDRSZ);
    if (size > 0) {
        memcpy(VARDATA(value), bytes, size);
    }
    return PointerGetDatum(value);
}

}  // namespace

Datum datumAt(const vector::Block& block, uint32_t row, Form_pg_attribute form, bool* null) {
    *null = block.isNull(row);
    if (*null) {
        return Datum{0};
    }
    const vector::Column& column = block.holder();
    const uint32_t at = block.holderRow(row);
    if (!form->attbyval) {
        if (form->attlen > 0) {
            return bytesDatum(form, reinterpret_cast<const char*>(column.fixedAt(at)),
                              static_cast<Size>(form->attlen));
        }
        const std::string_view bytes = column.bytesAt(at);
        return bytesDatum(form, bytes.data(), bytes.size());
    }
    switch (form->attlen) {
        case 1:
            return CharGetDatum(column.values<int8>()[at]);
        case 2:
            return Int16GetDatum(column.values<int16>()[at]);
        case 4:
            return Int32GetDatum(column.values<int32>()[at]);
        default:
            return Int64GetDatum(column.values<int64>()[at]);
    }
}

Datum datumOf(Form_pg_attribute form, int64_t integer, double real, std::string_view bytes) {
    if (!form->attbyval) {
        return bytesDatum(form, bytes.data(), bytes.size());
    }
    switch (form->atttypid) {
        case FLOAT4OID:
            return Float4GetDatum(static_cast<float4>(real));
        case FLOAT8OID:
            return Float8GetDatum(real);
        case BOOLOID:
            return BoolGetDatum(integer != 0);
        default:
            break;
    }
    switch (form->attlen) {
        case 1:
            return CharGetDatum(static_cast<char>(integer));
        case 2:
            return Int16GetDatum(static_cast<int16>(integer));
        case 4:
            return Int32GetDatum(static_cast<int32>(integer));
        default:
            return Int64GetDatum(integer);
    }
}

Datum copyValue(Form_pg_attribute form, Datum value) {
    if (form->attbyval) {
        return value;
    }
    const Datum given = value;
    const Size size = storage::prepareValue(form, &value);
    if (value != given) {
        return value;  // detoasting made a copy
    }
    if (form->attlen == -1) {
        auto* varlena = reinterpret_cast<struct varlena*>(DatumGetPointer(value));
        return bytesDatum(form, VARDATA_ANY(varlena), size);
    }
    return bytesDatum(form, DatumGetPointer(value), size);
}

}  // namespace footfall::executor
