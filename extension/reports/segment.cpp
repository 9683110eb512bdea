// footfall.create_segment: a view that lists the customers who meet conditions.
//
// The view is an ordinary one of the caller's, which reads the events with the rights of whoever
// reads it (security_invoker), so a segment shows nobody more than the events would.
#include "extension/reports/event_source.h"

namespace footfall::reports {

namespace {

// Checked and quoted; without a schema it goes where the caller's search_path says.
const char* viewName(const Arguments& arguments) {
    List* names = textToQualifiedNameList(cstring_to_text(arguments.requiredString("name")));
    RangeVar* view = makeRangeVarFromNameList(names);
    (void)RangeVarGetCreationNamespace(view);  // complains of schemas and databases
    return view->schemaname == nullptr
               ? quote_identifier(view->relname)
               : quote_qualified_identifier(view->schemaname, view->relname);
}

char* compose(const Arguments& arguments) {
    const char* name = viewName(arguments);
    const EventSource source(arguments);
    List* conditions = arguments.strings("conditions");
    if (conditions == NIL) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("conditions must contain a condition"),
                        errhint("For example conditions => '{sum(amount) > 100}'.")));
    }
    const char* customer = source.column(Role::Customer);
    StringInfoData statement;
    initStringInfo(&statement);
    appendStringInfo(&statement,
                     "CREATE VIEW %s WITH (security_invoker = true) AS SELECT %s AS customer_id\n"
                     "FROM %s\nWHERE %s GROUP BY %s HAVING ",
                     name, customer, source.from(), source.hasCustomer(), customer);
    const char* separator = "";
    ListCell* cell;
    foreach (cell, conditions) {
        const auto* text = static_cast<char*>(lfirst(cell));
        appendStringInfo(&statement, "%s%s", separator,
                         source.customerCondition("conditions", text));
        separator = "\nAND ";
    }
    return statement.data;
}

void createSegment(const Arguments& arguments) {
    char* statement = compose(arguments);
    SPI_connect();
    const int code = SPI_execute(statement, false, 0);
    if (code != SPI_OK_UTILITY) {
        elog(ERROR, "creating a segment gave %s", SPI_result_code_string(code));
    }
    SPI_finish();
}

}  // namespace

}  // namespace footfall::reports

extern "C" {
PG_FUNCTION_INFO_V1(footfall_create_segment);

PGDLLEXPORT Datum footfall_create_segment(PG_FUNCTION_ARGS) {
    footfall::reports::createSegment(footfall::reports::Arguments(fcinfo));
    PG_RETURN_VOID();
}
}
