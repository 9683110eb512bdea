// Types as the engine needs to know them: how values of a type are stored, and what comparing their
// stored bytes tells.
#pragma once

#include "engine/vector/block.h"
#include "extension/pg/pg.h"

namespace footfall::executor {

// A made-up attribute of the type, for the functions of storage/value.h; in the current context.
Form_pg_attribute valueForm(Oid type);

// How a column of the type is stored.
vector::ColumnType storageType(Oid type);

// Whether two values of the type are equal exactly if their stored bytes are (floats: as the engine
// compares floats, where -0 = 0 and NaN = NaN).
bool equalityIsBytewise(Oid type, Oid collation);

// Whether the type's default order is the engine's order of the stored values: numbers, or bytes
// under a C collation.
bool orderIsBytewise(Oid type, Oid collation);

bool collationIsC(Oid collation);

// Whether values of the type are integers inside, and compare as such.
bool isIntegerInside(Oid type);

// Row `row` of the block as a Datum of the form's type; by-reference values in the current context.
Datum datumAt(const vector::Block& block, uint32_t row, Form_pg_attribute form, bool* null);

// A Datum of the form's type from what the engine holds for it: an integer, a float or bytes.
Datum datumOf(Form_pg_attribute form, int64_t integer, double real, std::string_view bytes);

// A copy of a value in the current context, detoasted and flat.
Datum copyValue(Form_pg_attribute form, Datum value);

}  // namespace footfall::executor
