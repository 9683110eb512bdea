"""See README.md. Prints 'N passed, N failed' last."""

import collections
import csv
import datetime
import io
import math
import subprocess
import sys

import expected
import logs

SHOWN = 5
NAMES = {"customer": "customer_id text", "time": "ts timestamptz", "event": "event text", "session": "session_id text",
         "product": "product_id int8", "category": "category text", "order": "order_id int8", "amount": "cents int4"}
STORES = {"heap": "heap", "hot": "footfall", "compacted": "footfall"}


def psql(*statements, **arguments):
    command = ["psql", "-X", "-q", "--csv", "-v", "ON_ERROR_STOP=1"]
    for statement in statements:
        command += ["-c", statement]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **arguments).stdout


def rows(query):
    return list(csv.DictReader(io.StringIO(psql("SET timezone = 'UTC'", query))))


def timestamp(microseconds):
    return str(logs.EPOCH + datetime.timedelta(microseconds=microseconds)) + "+00"


def interval(days):
    return "%d seconds" % round(days * 86400)


def load(log):
    columns = ["customer", "time"] + log.columns
    text = io.StringIO()
    writer = csv.writer(text)
    for event in log.events:
        writer.writerow([timestamp(event["time"]) if column == "time" else event[column] for column in columns])
    for store, method in STORES.items():
        table = "%s_%s" % (log.name, store)
        psql("CREATE TABLE %s (%s) USING %s" % (table, ", ".join(NAMES[column] for column in columns), method),
             # COPY would write segments; INSERT makes hot rows.
             "INSERT INTO %s SELECT * FROM %s_heap" % (table, log.name) if method == "footfall"
             else "\\copy %s FROM pstdin (FORMAT csv)" % table, input=text.getvalue())
        if method == "footfall":
            psql("SELECT footfall.configure('%s', time_column => 'ts', customer_column => 'customer_id', "
                 "amount => 'cents * 0.01')" % table)
        if store == "compacted":
            psql("CALL footfall.seal('%s')" % table)
            psql("CALL footfall.compact('%s')" % table)


def source(log, store):
    table = "%s_%s" % (log.name, store)
    return "SELECT *, cents * 0.01 AS amount FROM %s" % table if store == "heap" else table


def options(log):
    return "feature_window => '%s', session_gap => '%d minutes'" % (interval(log.window), log.gap_minutes)


def equal(value, wanted):
    if wanted is None or value == "":
        return wanted is None and value == ""
    if isinstance(wanted, (str, int)):
        return value == str(wanted)
    return math.isclose(float(value), wanted, rel_tol=1e-9, abs_tol=1e-9)


class Report:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def say(self, what, differences, count):
        good = not differences and count > 0
        self.passed += good
        self.failed += not good
        print("%s %s: %d compared%s" % ("ok" if good else "FAILED", what, count, "" if good else ", these differ:"))
        for difference in differences[:SHOWN]:
            print("   ", difference)


def compare(log, report):
    by_customer = collections.defaultdict(list)
    for event in sorted(log.events, key=lambda event: event["time"]):
        by_customer[event["customer"]].append(event)
    wanted = {cutoff: expected.features(log, by_customer, cutoff) for cutoff in log.cutoffs}
    for store in STORES:
        events = source(log, store)
        differences = []
        count = 0
        cutoffs = "{%s}" % ",".join(timestamp(cutoff) for cutoff in log.cutoffs)
        found = rows("SELECT * FROM footfall.churn_dataset('%s', '%s', %s, gap => '1 minute', label_window => '%s')" % (
            events, cutoffs, options(log), interval(log.label)))
        seen = set()
        for row in found:
            cutoff = logs.microseconds(row.pop("cutoff"), "%Y-%m-%d %H:%M:%S+00")
            customer = row.pop("customer_id")
            seen.add((cutoff, customer))
            lost = "t" if expected.churned(log, by_customer, customer, cutoff, 60_000_000) else "f"
            if row.pop("churned") != lost:
                differences.append((store, customer, "churned should be", lost))
            should = wanted[cutoff].get(customer)
            if should is None:
                differences.append((store, customer, "should not be there"))
                continue
            if row.keys() != should.keys():
                differences.append((store, "columns", sorted(row.keys() ^ should.keys())))
            count += len(row)
            differences += [(store, customer, timestamp(cutoff), name, row[name], should[name])
                            for name in should if not equal(row[name], should[name])]
        missing = {(cutoff, customer) for cutoff in wanted for customer in wanted[cutoff]} - seen
        differences += [(store, "missing", pair) for pair in missing]
        if len(seen) != len(found):
            differences.append((store, "a customer is there twice"))
        report.say("%s, %s: features and labels of %d customers" % (log.name, store, len(seen)), differences, count)
    without_future(log, report)


def without_future(log, report):
    cutoff = timestamp(log.cutoffs[0])
    for store in STORES:
        query = "SELECT * FROM footfall.churn_features('%s', '%s', %s)" % (source(log, store), cutoff, options(log))
        before = rows(query)
        psql("DELETE FROM %s_%s WHERE ts >= '%s'" % (log.name, store, cutoff))
        after = rows(query)
        differences = [pair for pair in zip(before, after) if pair[0] != pair[1]]
        if len(before) != len(after):
            differences.append((len(before), len(after)))
        report.say("%s, %s: the same without what came after" % (log.name, store), differences, len(before))


def main():
    report = Report()
    psql("CREATE EXTENSION IF NOT EXISTS footfall")
    for title, read in logs.LOGS.items():
        log = read()
        if log is None:
            print("# %s is not here and is left out" % title)
            continue
        load(log)
        compare(log, report)
    print("%d passed, %d failed" % (report.passed, report.failed))
    sys.exit(1 if report.failed or not report.passed else 0)


main()
