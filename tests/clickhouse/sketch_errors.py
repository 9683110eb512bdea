"""Sketches beside exact answers: their stated error."""


def sketches(log):
    """The stated error against ClickHouse's exact answers."""
    for column, theirs in (("customer_id", "customer"), ("session_id", "nullIf(session, '')"), ("amount", "amount")):
        exact = int(log.clickhouse("SELECT uniqExact(%s) FROM LOG" % theirs)[0][0])
        estimate, error = log.footfall(
            "SELECT footfall.distinct_count(s), footfall.stderror(s) FROM (SELECT "
            "footfall.hyperloglog(%s) AS s FROM LOG) AS x" % column
        )[0]
        relative = abs(int(estimate) - exact) / max(exact, 1)
        log.within("hyperloglog of %s: %s of %d" % (column, estimate, exact), relative, 3 * float(error))
    quantiles = [0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 1.0]
    ours = log.footfall(
        "SELECT footfall.approx_percentile(p, s), footfall.error(s), footfall.num_vals(s) FROM (SELECT "
        "footfall.uddsketch(amount::float8) AS s FROM LOG) AS x, unnest('{%s}'::float8[]) WITH "
        "ORDINALITY AS q(p, n) ORDER BY n" % ",".join(map(str, quantiles))
    )
    # The value of rank ceil(p n), as percentile_disc has it.
    theirs = log.clickhouse(
        "SELECT arrayJoin(arrayMap(p -> all[greatest(1, toUInt64(ceil(p * length(all))))], [%s])) "
        "FROM (SELECT arraySort(groupArray(toFloat64(amount))) AS all FROM LOG)" % ",".join(map(str, quantiles))
    )
    for quantile, (value, error, _), (exact,) in zip(quantiles, ours, theirs):
        distance = abs(float(value) - float(exact)) / max(abs(float(exact)), 1e-300)
        log.within(
            "uddsketch percentile %s: %s of %s" % (quantile, value, exact),
            0.0 if float(value) == float(exact) else distance,
            float(error) + 1e-12,
        )
    exact = dict(log.clickhouse("SELECT customer, count() FROM LOG GROUP BY customer"))
    ranked = sorted(map(int, exact.values()), reverse=True)
    found = log.footfall(
        "SELECT v.value, v.count, v.error FROM (SELECT footfall.top_n(customer_id, 20) AS s FROM LOG) "
        "AS x, footfall.top_values(x.s) AS v"
    )
    wrong = [row for row in found if not int(row[1]) - int(row[2]) <= int(exact[row[0]]) <= int(row[1])]
    loosest = max((int(row[2]) for row in found), default=0)
    # Who is missing occurred no more often than the bound of the last that is there.
    missing = [value for value in ranked[:20] if value > int(found[-1][1])]
    in_list = [int(exact[row[0]]) for row in found]
    right = (
        len(found) == 20 and not wrong and loosest <= sum(ranked) / 1000 and all(value in in_list for value in missing)
    )
    log.results.append(right)
    print("%s %s: top_n, 20 values, error at most %d: %s" % ("ok" if right else "FAILED", log.name, loosest, wrong))
