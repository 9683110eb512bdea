#include "bench/simulator/table.h"

#include <fmt/format.h>

namespace footfall::simulator {

namespace {

std::string createTable(const std::string& name, const Table& table, std::string_view suffix) {
    std::string sql = fmt::format("CREATE TABLE {} (\n", name);
    for (size_t i = 0; i < table.columns.size(); ++i) {
        const Column& column = table.columns[i];
        sql += fmt::format("    {:<20} {}{}\n", column.name, column.type,
                           i + 1 < table.columns.size() ? "," : "");
    }
    sql += fmt::format("){};\n", suffix);
    return sql;
}

std::string quotedLiteral(std::string_view text) {
    std::string quoted = "'";
    for (char c : text) {
        quoted += c;
        if (c == '\'') {
            quoted += c;
        }
    }
    return quoted + "'";
}

}  // namespace

const Table& eventsTable() {
    static const Table table = {"events",
                                {{"ts", "timestamptz NOT NULL"},
                                 {"customer_id", "bigint NOT NULL"},
                                 {"session_id", "bigint"},
                                 {"event_type", "text NOT NULL"},
                                 {"product_id", "integer"},
                                 {"category", "text"},
                                 {"brand", "text"},
                                 {"price", "numeric(12,2)"},
                                 {"quantity", "smallint"},
                                 {"order_id", "bigint"},
                                 {"amount", "numeric(12,2)"},
                                 {"rating", "smallint"},
                                 {"country", "text"},
                                 {"device", "text"},
                                 {"campaign", "text"},
                                 {"url", "text"},
                                 {"detail", "text"}}};
    return table;
}

const Table& customersTable() {
    static const Table table = {"customers_dim",
                                {{"customer_id", "bigint PRIMARY KEY"},
                                 {"registered_at", "timestamptz NOT NULL"},
                                 {"country", "text NOT NULL"},
                                 {"birth_year", "smallint NOT NULL"},
                                 {"channel", "text NOT NULL"},
                                 {"main_device", "text NOT NULL"},
                                 {"payment_method", "text NOT NULL"},
                                 {"newsletter", "boolean NOT NULL"}}};
    return table;
}

const Table& productsTable() {
    static const Table table = {"products_dim",
                                {{"product_id", "integer PRIMARY KEY"},
                                 {"name", "text NOT NULL"},
                                 {"category", "text NOT NULL"},
                                 {"brand", "text NOT NULL"},
                                 {"list_price", "numeric(12,2) NOT NULL"},
                                 {"cost", "numeric(12,2) NOT NULL"},
                                 {"launched_on", "date NOT NULL"}}};
    return table;
}

const Table& ordersTable() {
    static const Table table = {"orders_fact",
                                {{"order_id", "bigint NOT NULL"},
                                 {"line", "smallint NOT NULL"},
                                 {"customer_id", "bigint NOT NULL"},
                                 {"product_id", "integer NOT NULL"},
                                 {"payment_id", "bigint NOT NULL"},
                                 {"session_id", "bigint NOT NULL"},
                                 {"ordered_at", "timestamptz NOT NULL"},
                                 {"quantity", "smallint NOT NULL"},
                                 {"unit_price", "numeric(12,2) NOT NULL"},
                                 {"discount", "numeric(12,2) NOT NULL"},
                                 {"amount", "numeric(12,2) NOT NULL"},
                                 {"status", "text NOT NULL"},
                                 {"shipped_at", "timestamptz"},
                                 {"delivered_at", "timestamptz"},
                                 {"cancelled_at", "timestamptz"},
                                 {"refunded_at", "timestamptz"},
                                 {"refund_amount", "numeric(12,2) NOT NULL"}}};
    return table;
}

const Table& paymentsTable() {
    static const Table table = {"payments_dim",
                                {{"payment_id", "bigint PRIMARY KEY"},
                                 {"order_id", "bigint NOT NULL"},
                                 {"customer_id", "bigint NOT NULL"},
                                 {"attempt", "smallint NOT NULL"},
                                 {"attempted_at", "timestamptz NOT NULL"},
                                 {"method", "text NOT NULL"},
                                 {"amount", "numeric(12,2) NOT NULL"},
                                 {"status", "text NOT NULL"},
                                 {"failure_reason", "text"}}};
    return table;
}

const Table& churnTruthTable() {
    static const Table table = {"churn_truth",
                                {{"customer_id", "bigint PRIMARY KEY"},
                                 {"cutoff", "timestamptz NOT NULL"},
                                 {"horizon_days", "integer NOT NULL"},
                                 {"persona", "text NOT NULL"},
                                 {"satisfaction", "float8 NOT NULL"},
                                 {"visits_per_day", "float8 NOT NULL"},
                                 {"fade_hazard", "float8 NOT NULL"},
                                 {"fading", "boolean NOT NULL"},
                                 {"churn_probability", "float8 NOT NULL"},
                                 {"churned", "boolean"}}};
    return table;
}

std::string quotedName(std::string_view name) {
    std::string quoted = "\"";
    for (char c : name) {
        if (c == '.') {
            quoted += "\".\"";
        } else {
            quoted += c;
            if (c == '"') {
                quoted += c;
            }
        }
    }
    return quoted + "\"";
}

std::string eventsSchemaSql(std::string_view tableName, std::string_view accessMethod) {
    const std::string name = quotedName(tableName);
    std::string sql = createTable(name, eventsTable(), fmt::format(" USING {}", accessMethod));
    if (accessMethod == "footfall") {
        sql += fmt::format(
            "SELECT footfall.configure({},\n"
            "    time_column => 'ts', customer_column => 'customer_id',\n"
            "    event_column => 'event_type', session_column => 'session_id',\n"
            "    product_column => 'product_id', order_column => 'order_id',\n"
            "    campaign_column => 'campaign', amount => 'amount',\n"
            "    order_by => ARRAY['customer_id', 'ts']);\n",
            quotedLiteral(name));
    }
    return sql;
}

std::string starSchemaSql(std::string_view schema) {
    std::string sql;
    for (const Table* table : {&customersTable(), &productsTable(), &ordersTable(),
                               &paymentsTable(), &churnTruthTable()}) {
        const std::string name =
            schema.empty() ? std::string(table->name) : fmt::format("{}.{}", schema, table->name);
        sql += createTable(quotedName(name), *table, "");
    }
    return sql;
}

}  // namespace footfall::simulator
