// Which types of SQL can be features, and what their values are to a model.
#pragma once

#include "engine/model/feature.h"
#include "extension/pg/datatypes.h"

namespace footfall::functions {

// What a column is to a model; None: no feature can be made of it.
enum class ColumnUse : uint8_t { None, Number, Boolean, Text };

struct ColumnType {
    ColumnUse use;
    Oid base;    // below domains
    Oid output;  // of an enum
};

// May raise an ERROR, as everything here.
ColumnType columnTypeOf(Oid type);
// Of a Number or Boolean. Refuses NaN and infinities, and what single precision cannot hold, naming
// the column.
float8 numberOf(const ColumnType& type, Datum value, const char* column);
// Of a Text, in the current context.
char* textOf(const ColumnType& type, Datum value);
// A date or timestamp or number as something to sort by.
bool isTime(Oid type);
float8 timeOf(Oid type, Datum value);
// The length that `text` says, in the units of timeOf for the type: an interval without months, a
// bare number being seconds, or for numbers a number. A day has 24 hours. Refuses what is negative.
float8 durationOf(Oid type, const char* option, const char* text);

}  // namespace footfall::functions
