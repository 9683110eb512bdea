// The tables that the simulator writes: the event log and the star schema around it. One place for
// names, types and order of columns; the encoders and the printed SQL both follow it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace footfall::simulator {

struct Column {
    std::string_view name;
    std::string_view type;  // as PostgreSQL writes it, with NOT NULL or PRIMARY KEY
};

struct Table {
    std::string_view name;
    std::vector<Column> columns;
};

const Table& eventsTable();
const Table& customersTable();
const Table& productsTable();
const Table& ordersTable();
const Table& paymentsTable();
const Table& churnTruthTable();

// CREATE TABLE for the event log under the given name (it may be schema-qualified), followed for
// footfall by its configuration. `accessMethod` is "footfall" or "heap".
std::string eventsSchemaSql(std::string_view tableName, std::string_view accessMethod);
// CREATE TABLE for the star schema, in `schema` when that is not empty.
std::string starSchemaSql(std::string_view schema);

// "a.b" as "a"."b", so that any name is safe to put into SQL.
std::string quotedName(std::string_view name);

}  // namespace footfall::simulator
