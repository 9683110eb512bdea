// Between PostgreSQL's Datums and the engine's columns.
//
// Every type is stored by its storage class, so nothing is lost for any type: by-value types as
// integers of their length (float4 and float8 as floats), fixed-length by-reference types as Fixed,
// varlena types as their detoasted payload, cstrings as their characters. What PostgreSQL compares
// equal but writes differently (1.0 and 1.00, -0) comes back as it was written.
#pragma once

#include "engine/vector/block.h"
#include "engine/vector/column.h"
#include "extension/pg/pg.h"

namespace footfall::storage {

// Whether the attribute has values of its own in segments: not dropped, not a virtual generated
// column.
bool isStored(Form_pg_attribute attribute);

// A row of a table without any such attribute stays hot: there is nothing to put into a segment.
bool hasStoredColumns(TupleDesc descriptor);

vector::ColumnType columnTypeOf(Form_pg_attribute attribute);

// Bytes the value takes in a column. `*value` is replaced by its detoasted form, allocated in the
// current context.
Size prepareValue(Form_pg_attribute attribute, Datum* value);

// Appends a prepared value. May throw: call inside enterEngine.
void appendValue(vector::Column& column, Form_pg_attribute attribute, Datum value);

// Appends attribute `attribute` (0-based) of `count` slots, whose values need no preparing. May
// throw.
void appendAttribute(vector::Column& column, Form_pg_attribute form, int attribute,
                     TupleTableSlot* const* slots, int count);

// Makes Datums of the rows of a Flat or Constant block: values[i], nulls[i]. By-reference values
// are allocated with `resource` (inside one allocation) and live as long as it. May throw.
// Dictionary blocks are for the caller, who keeps the Datums of a dictionary over many blocks.
void blockToDatums(const vector::Block& block, Form_pg_attribute attribute,
                   std::pmr::memory_resource* resource, Datum* values, bool* nulls);

// The same for all entries of a column.
void columnToDatums(const vector::Column& column, Form_pg_attribute attribute,
                    std::pmr::memory_resource* resource, Datum* values, bool* nulls);

}  // namespace footfall::storage
