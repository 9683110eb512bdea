// Which column of an event source plays which part.
//
// The relations below the source (the one that was named, or those inside a query or a view) say it
// by footfall.configure; a role that none of them gives to a column of the source falls to a column
// of a usual name. What is still open is an error for reports that need the role.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::reports {

enum class Role {
    Time,
    Customer,
    Event,
    Session,
    Product,
    Order,
    Campaign,
    // By usual names only: footfall.configure has no setting for them.
    Category,
    Device,
    Country,
};

struct Column {
    const char* name;
    Oid type;
};

// The setting of footfall.configure, "customer_column"; nullptr for a role without one.
const char* settingOf(Role role);
// For people: "the customer".
const char* meaningOf(Role role);
// The first of the usual names: "customer_id".
const char* usualName(Role role);

// The column of `columns` (List of Column*) that has the role, or nullptr. `relations` is a List of
// OIDs. 42702 when two relations name different columns that are both there.
const Column* columnOf(Role role, List* columns, List* relations);

// The expression for the revenue of a row, or nullptr: configured (and all columns it speaks of are
// there), or a numeric column of a usual name.
char* amountOf(List* columns, List* relations);

// The OIDs of all relations that a query reads, those inside views included.
List* relationsOf(Query* query);

}  // namespace footfall::reports
