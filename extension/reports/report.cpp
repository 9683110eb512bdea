// See report.h.
#include "extension/reports/report.h"

namespace footfall::reports {

namespace {

void reportErrorContext(void* argument) {
    errcontext("report footfall.%s", static_cast<const char*>(argument));
}

// SPI_execute and not a cursor: PostgreSQL runs plans that are fetched in portions without workers.
void runQuery(const char* query, const ReturnSetInfo* result) {
    DestReceiver* receiver = CreateDestReceiver(DestTuplestore);
    SetTuplestoreDestReceiverParams(receiver, result->setResult,
                                    result->econtext->ecxt_per_query_memory, false, result->setDesc,
                                    "a report's query does not return the report's columns");
    SPIExecuteOptions options = {};
    options.read_only = true;
    options.must_return_tuples = true;
    options.dest = receiver;
    SPI_connect();
    const int code = SPI_execute_extended(query, &options);
    if (code != SPI_OK_SELECT) {
        elog(ERROR, "a report's query gave %s", SPI_result_code_string(code));
    }
    SPI_finish();
    receiver->rDestroy(receiver);
}

}  // namespace

Datum runReport(FunctionCallInfo fcinfo, Compose compose) {
    const Arguments arguments(fcinfo);
    ErrorContextCallback context;
    context.callback = reportErrorContext;
    context.arg = const_cast<char*>(arguments.report());
    context.previous = error_context_stack;
    error_context_stack = &context;
    InitMaterializedSRF(fcinfo, 0);
    runQuery(compose(arguments), reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo));
    error_context_stack = context.previous;
    return Datum{0};
}

}  // namespace footfall::reports
