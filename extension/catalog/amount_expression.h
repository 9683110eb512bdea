// The setting "amount": a numeric expression over the columns of one table.
//
// Kept as canonical text: columns without qualification, everything else qualified unless it is in
// pg_catalog, so that it means the same whoever reads it under search_path = pg_catalog, pg_temp.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::catalog {

// Checks what a user wrote against the relation and returns the canonical text. Names are looked up
// as the caller's search_path has them. 42601, 42703 and so on for what PostgreSQL cannot make
// sense of, 42804 when it is not a number, 42P17 when it is not immutable.
char* canonicalAmount(Relation relation, const char* text);

// The names of the columns that a canonical text speaks of: a List of char*, as often as they
// occur.
List* columnsOfAmount(const char* text);

// A canonical text with the operators and functions of pg_catalog qualified too, so that it means
// the same under the search_path of whoever runs a query that it becomes a part of.
char* qualifiedAmount(const char* text);

// Whether a canonical text speaks of the column.
bool amountMentions(const char* text, const char* column);

// The canonical text with a column renamed.
char* renameInAmount(const char* text, const char* column, const char* newName);

}  // namespace footfall::catalog
