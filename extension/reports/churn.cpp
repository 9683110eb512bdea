// footfall.churn_features, churn_labels and churn_dataset: what is known of each customer at a
// moment, and what happened after it.
//
// Rows come sorted by customer, so that whoever splits or samples them with a seed gets the same
// ones again.
#include "extension/reports/churn.h"

#include "extension/reports/churn_features.h"
#include "extension/reports/churn_label.h"
#include "extension/reports/report.h"

namespace footfall::reports {

namespace {

constexpr int kMostCutoffs = 100;

TimestampTz requiredTime(const Arguments& arguments, const char* name) {
    if (arguments.isNull(name)) {
        ereport(ERROR,
                (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name)));
    }
    const TimestampTz time = arguments.time(name, DT_NOEND);
    checkCutoff(name, time);
    return time;
}

char* composeFeatures(const Arguments& arguments, const EventSource& source) {
    const TimestampTz cutoff = requiredTime(arguments, "as_of");
    const FeatureWindow window(arguments, source);
    const ChurnFeatures features(arguments, source, window);
    return psprintf(
        "SELECT f.customer::pg_catalog.text COLLATE pg_catalog.\"default\"%s\n"
        "FROM (%s) AS f ORDER BY f.customer",
        ChurnFeatures::columns("f"), features.query(cutoff));
}

char* composeChurnFeatures(const Arguments& arguments) {
    const EventSource source(arguments);
    return composeFeatures(arguments, source);
}

char* composeChurnLabels(const Arguments& arguments) {
    const EventSource source(arguments);
    const TimestampTz cutoff = requiredTime(arguments, "as_of");
    const FeatureWindow window(arguments, source);
    const ChurnLabel label(arguments, source);
    label.check(cutoff);
    return psprintf(
        "SELECT c.customer::pg_catalog.text, r.customer IS NULL\nFROM (%s) AS c\n"
        "LEFT JOIN (%s) AS r ON r.customer OPERATOR(pg_catalog.=) c.customer ORDER BY c.customer",
        window.customers(cutoff), label.returned(cutoff));
}

// The cutoffs, checked: at least one, finite, each once.
List* readCutoffs(const Arguments& arguments, const ChurnLabel& label) {
    List* cutoffs = arguments.times("cutoffs");
    const int count = list_length(cutoffs);
    if (count < 1 || count > kMostCutoffs) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("cutoffs must have 1 to %d elements, not %d", kMostCutoffs, count)));
    }
    ListCell* cell;
    foreach (cell, cutoffs) {
        const TimestampTz cutoff = *static_cast<TimestampTz*>(lfirst(cell));
        checkCutoff("cutoffs", cutoff);
        for (int i = 0; i < foreach_current_index(cell); i++) {
            if (*static_cast<TimestampTz*>(list_nth(cutoffs, i)) == cutoff) {
                ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                                errmsg("cutoffs has %s twice", timestamptz_to_str(cutoff))));
            }
        }
        label.check(cutoff);
    }
    return cutoffs;
}

char* composeChurnDataset(const Arguments& arguments) {
    const EventSource source(arguments);
    const FeatureWindow window(arguments, source);
    const ChurnFeatures features(arguments, source, window);
    const ChurnLabel label(arguments, source);
    StringInfoData all;
    initStringInfo(&all);
    ListCell* cell;
    foreach (cell, readCutoffs(arguments, label)) {
        const TimestampTz cutoff = *static_cast<TimestampTz*>(lfirst(cell));
        appendStringInfo(&all,
                         "%sSELECT %s AS cutoff, r.customer IS NULL AS churned, f.*\n"
                         "FROM (%s) AS f\nLEFT JOIN (%s) AS r "
                         "ON r.customer OPERATOR(pg_catalog.=) f.customer",
                         all.len == 0 ? "" : "\nUNION ALL ", timeLiteral(cutoff),
                         features.query(cutoff), label.returned(cutoff));
    }
    return psprintf(
        "SELECT a.cutoff, a.customer::pg_catalog.text, a.churned%s\n"
        "FROM (%s) AS a ORDER BY a.cutoff, a.customer",
        ChurnFeatures::columns("a"), all.data);
}

}  // namespace

char* composeLastingChurnFeatures(const Arguments& arguments) {
    const EventSource source(arguments);
    const bool zoneIsWritten = arguments.isNull("time_zone") && !source.hasMoments();
    char* text = zoneIsWritten ? nullptr : composeFeatures(arguments, source);
    return text == nullptr || source.writesMoments() ? nullptr : text;
}

}  // namespace footfall::reports

extern "C" {
PG_FUNCTION_INFO_V1(footfall_churn_features);
PG_FUNCTION_INFO_V1(footfall_churn_labels);
PG_FUNCTION_INFO_V1(footfall_churn_dataset);

PGDLLEXPORT Datum footfall_churn_features(PG_FUNCTION_ARGS) {
    return footfall::reports::runReport(fcinfo, footfall::reports::composeChurnFeatures);
}

PGDLLEXPORT Datum footfall_churn_labels(PG_FUNCTION_ARGS) {
    return footfall::reports::runReport(fcinfo, footfall::reports::composeChurnLabels);
}

PGDLLEXPORT Datum footfall_churn_dataset(PG_FUNCTION_ARGS) {
    return footfall::reports::runReport(fcinfo, footfall::reports::composeChurnDataset);
}
}
