// See report.h.
#include "extension/reports/report.h"

namespace footfall::reports {

namespace {

void reportErrorContext(void* argument) {
    errcontext("report footfall.%s", static_cast<const char*>(argument));
}

class ReportScope {
  public:
    explicit ReportScope(const Arguments& arguments) {
        context_.callback = reportErrorContext;
        context_.arg = const_cast<char*>(arguments.report());
        context_.previous = error_context_stack;
        error_context_stack = &context_;
    }
    void end() { error_context_stack = context_.previous; }

  private:
    ErrorContextCallback context_;
};

}  // namespace

// SPI_execute and not a cursor: PostgreSQL runs plans that are fetched in portions without workers.
void runQuery(const char* query, Tuplestorestate* rows, TupleDesc descriptor) {
    DestReceiver* receiver = CreateDestReceiver(DestTuplestore);
    SetTuplestoreDestReceiverParams(receiver, rows, CurrentMemoryContext, false, descriptor,
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

Datum runReport(FunctionCallInfo fcinfo, Compose compose) {
    const Arguments arguments(fcinfo);
    ReportScope scope(arguments);
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    runQuery(compose(arguments), result->setResult, result->setDesc);
    scope.end();
    return Datum{0};
}

Datum runComputedReport(FunctionCallInfo fcinfo, Compute compute) {
    const Arguments arguments(fcinfo);
    ReportScope scope(arguments);
    InitMaterializedSRF(fcinfo, 0);
    compute(arguments, reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo));
    scope.end();
    return Datum{0};
}

}  // namespace footfall::reports
