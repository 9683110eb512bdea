// The guards between C++ exceptions and longjmp; see README.md in this folder.
//
// Invariant: an exception never leaves enterEngine, a longjmp never leaves callPostgres.
#pragma once

#include "engine/base/error.h"
#include "extension/pg/pg.h"

namespace footfall::pg {

// A PostgreSQL ERROR on its way through engine frames. Only callPostgres throws it, only
// enterEngine catches it.
class PostgresError : public std::exception {
  public:
    explicit PostgresError(ErrorData* data) : data_(data) {}
    ErrorData* data() const { return data_; }
    const char* what() const noexcept override { return data_->message; }

  private:
    ErrorData* data_;
};

// What was thrown, copied into plain memory, so that it outlives the C++ frames.
struct FailureReport {
    ErrorData* original;
    int sqlstate;
    char message[1024];
    char detail[1024];
    char hint[512];
};

void describe(FailureReport& report, const base::Error& error);
void describe(FailureReport& report, int sqlstate, const char* message);
[[noreturn]] void raise(const FailureReport& report);

// Runs `body`, which may throw; what it throws is raised as an ERROR once all C++ frames are gone.
template <class Body>
void enterEngine(Body&& body) {
    FailureReport report;
    try {
        body();
        return;
    } catch (const PostgresError& error) {
        report.original = error.data();
    } catch (const base::Error& error) {
        describe(report, error);
    } catch (const std::bad_alloc&) {
        describe(report, ERRCODE_OUT_OF_MEMORY, "out of memory");
    } catch (const std::exception& error) {
        describe(report, ERRCODE_INTERNAL_ERROR, error.what());
    } catch (...) {
        describe(report, ERRCODE_INTERNAL_ERROR, "unknown exception");
    }
    raise(report);
}

// Runs `body`, which calls PostgreSQL and owns nothing with a destructor; an ERROR becomes
// PostgresError.
template <class Body>
void callPostgres(Body&& body) {
    MemoryContext context = CurrentMemoryContext;
    ErrorData* volatile failure = nullptr;
    PG_TRY();
    { body(); }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        failure = CopyErrorData();
        FlushErrorState();
    }
    PG_END_TRY();
    if (failure != nullptr) {
        throw PostgresError(failure);
    }
}

// Runs `body` and then `cleanup`, also when `body` raises an ERROR (which goes on). Neither owns
// destructors.
template <class Body, class Cleanup>
void withCleanup(Body&& body, Cleanup&& cleanup) {
    PG_TRY();
    { body(); }
    PG_CATCH();
    {
        cleanup();
        PG_RE_THROW();
    }
    PG_END_TRY();
    cleanup();
}

}  // namespace footfall::pg
