// See churn_label.h.
#include "extension/reports/churn_label.h"

#include "extension/reports/horizon.h"
#include "extension/reports/query_rows.h"

namespace footfall::reports {

namespace {

// The value of the query's only row; DT_NOBEGIN for NULL.
TimestampTz askForTime(const char* query) {
    QueryRows rows(query, {TIMESTAMPTZOID});
    const TimestampTz time = !rows.next() || rows.isNull(0) ? DT_NOBEGIN : rows.bigint(0);
    rows.end();
    return time;
}

TimestampTz plus(TimestampTz time, int64 length) {
    TimestampTz result = 0;
    if (__builtin_add_overflow(time, length, &result) || !IS_VALID_TIMESTAMP(result)) {
        ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                        errmsg("the label window ends beyond the last timestamp")));
    }
    return result;
}

}  // namespace

ChurnLabel::ChurnLabel(const Arguments& arguments, const EventSource& source)
    : source_(&source),
      filter_(source.filter()),
      activity_(""),
      gap_(durationOf("gap", *arguments.requiredInterval("gap"), 0)),
      window_(durationOf("label_window", *arguments.requiredInterval("label_window"), 1)),
      horizon_(DT_NOBEGIN) {
    const char* activity = arguments.string("activity");
    if (activity != nullptr) {
        activity_ = psprintf(" AND %s", source.condition("activity", activity));
    }
    horizon_ =
        std::min(askForTime(psprintf("SELECT h.at FROM (%s) AS h",
                                     horizonBeyond(source, arguments.time("until", DT_NOEND)))),
                 GetCurrentTransactionStartTimestamp());
}

TimestampTz ChurnLabel::end(TimestampTz cutoff) const {
    return plus(plus(cutoff, gap_), window_);
}

void ChurnLabel::check(TimestampTz cutoff) const {
    if (end(cutoff) <= horizon_) {
        return;
    }
    const char* cutoffText = pstrdup(timestamptz_to_str(cutoff));
    const char* endText = pstrdup(timestamptz_to_str(end(cutoff)));
    const char* detail = TIMESTAMP_IS_NOBEGIN(horizon_)
                             ? "There are no events."
                             : psprintf("It ends at %s; what happened is known up to %s.", endText,
                                        pstrdup(timestamptz_to_str(horizon_)));
    const int64 needed = gap_ + window_;
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
             errmsg("the label window of the cutoff %s is not over", cutoffText),
             errdetail_internal("%s", detail),
             TIMESTAMP_IS_NOBEGIN(horizon_) || horizon_ - needed < MIN_TIMESTAMP
                 ? 0
                 : errhint("Take a cutoff no later than %s, or say until => '...' when no event "
                           "before that time is missing.",
                           pstrdup(timestamptz_to_str(horizon_ - needed)))));
}

char* ChurnLabel::returned(TimestampTz cutoff) const {
    const TimestampTz from = plus(cutoff, gap_);
    return psprintf("SELECT %s AS customer\nFROM %s\nWHERE %s AND %s%s%s GROUP BY 1",
                    source_->column(Role::Customer), source_->from(),
                    source_->during(from, end(cutoff)), source_->hasCustomer(), activity_, filter_);
}

}  // namespace footfall::reports
