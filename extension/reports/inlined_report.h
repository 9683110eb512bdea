// A report in FROM is planned within the query that asks it, where it can be.
//
// The idea: a report is one query (report.h). When its arguments are constants, a planner hook puts
// that query in the place of the call, as PostgreSQL does with functions in SQL. What is asked of
// the report is then part of the plan: what nobody reads is not computed, conditions prune,
// aggregates over customers never make rows of them.
//
// Invariants: the answer is that of the call. So the call stays where the query would not say the
// same later, out of a cached plan (a volatile function in it, a time zone of the session written
// into it), and where PostgreSQL's own rule keeps a function: the caller may not execute it. A plan
// that has a report inside is made again for another user, when a setting of footfall.configure
// changes, and when the function does. Rows stay in the report's order unless only aggregates see
// them whose answer has none.
#pragma once

namespace footfall::reports {

void installReportInlining();

}  // namespace footfall::reports
