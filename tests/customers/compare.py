"""The reports about customers against other programs; see README.md. Prints 'N passed, N failed' last."""

import sys
import time

import numpy

import journeys
import scores
import sources

DAY = 86400
# As published for CDNOW's sample, first 39 weeks.
PUBLISHED = {"r": 0.2426, "alpha": 4.4135, "a": 0.7929, "b": 2.4258, "p": 6.2488, "q": 3.7446, "v": 15.4477}

passed = failed = 0
started = time.time()


def check(what, equal, detail=""):
    global passed, failed
    passed, failed = passed + bool(equal), failed + (not equal)
    print(
        "%-6s %5.1f s  %s%s"
        % ("ok" if equal else "FAILED", time.time() - started, what, "  " + detail if detail else ""),
        flush=True,
    )


def difference(ours, theirs):
    """The largest one, relative to what is expected."""
    ours, theirs = numpy.asarray(ours, dtype=float), numpy.asarray(theirs, dtype=float)
    if len(ours) != len(theirs) or (numpy.isnan(ours) != numpy.isnan(theirs)).any():
        return numpy.inf
    return float(numpy.nanmax(numpy.abs(ours - theirs) / numpy.maximum(numpy.abs(theirs), 1e-9)))


def compare_rfm(name, events):
    theirs = scores.rfm(events)
    ours = (
        sources.query("SELECT * FROM footfall.rfm('%s', time_zone => 'UTC')" % name)
        .set_index("customer_id")
        .reindex(theirs.index)
    )
    columns = {
        "recency_days": "days",
        "orders": "orders",
        "recency_score": "recency",
        "frequency_score": "frequency",
        "monetary_score": "monetary",
        "segment": "segment",
    }
    equal = {column: int((ours[column] == theirs[other]).sum()) for column, other in columns.items()}
    equal["revenue"] = int(((ours.revenue * 100).round() == theirs.cents).sum())
    total = int(sources.query("SELECT count(*) AS n FROM footfall.rfm('%s')" % name).n[0])
    check(
        "%s rfm" % name,
        total == len(theirs) and set(equal.values()) == {len(theirs)},
        "%d customers, equal: %s" % (len(theirs), equal),
    )


def compare_experiment(name, events, control, condition, goal, within, switchers):
    theirs = scores.participants(events, goal, within, switchers == "first")
    ours = (
        sources.query(
            "SELECT * FROM footfall.experiment('%s', 'variant', '%s', goal_condition => '%s', switchers => '%s',"
            " time_zone => 'UTC'%s)"
            % (name, control, condition.replace("'", "''"), switchers, ", within => '%s'" % within if within else "")
        )
        .set_index("variant")
        .reindex(theirs.index)
    )
    same = (ours.customers == theirs["size"]).all() and (ours.conversions == theirs["sum"]).all()
    worst, base = 0, (theirs["sum"][control], theirs["size"][control])
    for variant in theirs.index.drop(control):
        other = (theirs["sum"][variant], theirs["size"][variant])
        expected = [
            other[0] / other[1] / (base[0] / base[1]) - 1,
            *scores.lift_interval(other, base, 0.95),
            scores.equal_rates(other, base),
        ]
        worst = max(worst, difference(ours.loc[variant, ["lift", "ci_low", "ci_high", "p_value"]], expected))
    check(
        "%s experiment, %s, within %s" % (name, switchers, within),
        same and len(theirs) > 1 and worst < 1e-6,
        "%s, largest difference %.1e"
        % (", ".join("%s %d/%d" % (v, theirs["sum"][v], theirs["size"][v]) for v in theirs.index), worst),
    )


def compare_attribution(name, events, converts, look_back, half_life):
    customers = journeys.histories(events, converts)
    found = journeys.journeys(customers, look_back)
    untouched = sum(1 for path, converted in found if converted and not path)
    expected = {
        model: journeys.shares(model, customers, look_back, half_life)
        for model in ["last", "first", "linear", "position", "time_decay"]
    }
    expected["markov"] = {**journeys.markov(found), **({None: untouched} if untouched else {})}
    campaigns = {campaign for path, converted in found if converted for campaign in path}
    if len(campaigns) <= 16:
        expected["shapley"] = {**journeys.shapley(found), **({None: untouched} if untouched else {})}
    for model, theirs in expected.items():
        rows = sources.query(
            "SELECT * FROM footfall.campaign_attribution('%s', '%s', conversion => 'event = ''%s''',"
            " look_back => '%d seconds', half_life => '%d seconds', time_zone => 'UTC')"
            % (name, model, converts, look_back, half_life)
        )
        ours = {
            campaign if isinstance(campaign, str) else None: credit
            for campaign, credit in zip(rows.campaign, rows.credit)
        }
        # A campaign without any credit may be left out.
        worst = max(
            (abs(ours.get(campaign, 0) - theirs.get(campaign, 0)) for campaign in ours.keys() | theirs.keys()),
            default=numpy.inf,
        )
        conversions = sum(len(times) for _, times in customers.values())
        check(
            "%s attribution, %s" % (name, model),
            worst < 1e-6 and abs(sum(ours.values()) - conversions) < 1e-6,
            "%d campaigns, %d conversions, largest difference %.1e" % (len(theirs), conversions, worst),
        )


def compare_rules(name, events, condition, min_support, max_items):
    rows = events if condition == "true" else events[events.event == "purchase"]
    theirs = scores.rules(rows.order_id, rows.product_id, min_support, max_items)
    found = sources.query(
        "SELECT * FROM footfall.basket_rules('%s', %s, max_items => %d, basket => 'order_id', purchase => '%s')"
        % (name, min_support, max_items, condition.replace("'", "''"))
    )
    ours = {
        (a, c): values
        for a, c, *values in zip(
            found.antecedent, found.consequent, found.baskets, found.support, found.confidence, found.lift
        )
    }
    same = ours.keys() == theirs.keys() and len(ours) == len(found)
    worst = max((difference(ours[rule], theirs[rule]) for rule in theirs if rule in ours), default=numpy.inf)
    check(
        "%s rules of %d items" % (name, max_items),
        same and worst < 1e-9,
        "%d rules, theirs %d, largest difference %.1e" % (len(ours), len(theirs), worst),
    )


def compare_lifetimes(name, events, until, published=None):
    parameters, theirs = scores.lifetime_values(events, until)
    dates = ", until => '%s UTC', time_zone => 'UTC'" % until if until else ", time_zone => 'UTC'"
    fitted = (
        sources.query("SELECT * FROM footfall.customer_lifetime_parameters('%s'%s)" % (name, dates))
        .set_index("parameter")
        .value.to_dict()
    )
    worst = max(abs(fitted[one] / parameters[one] - 1) for one in parameters)
    check(
        "%s parameters against lifetimes" % name,
        worst < 1e-3,
        " ".join("%s %.4f" % one for one in fitted.items()) + ", largest difference %.1e" % worst,
    )
    if published:
        check(
            "%s parameters as published" % name,
            all("%.3g" % fitted[one] == "%.3g" % value for one, value in published.items()),
        )
    ours = sources.query("SELECT * FROM footfall.customer_lifetime_value('%s'%s)" % (name, dates)).set_index(
        "customer_id"
    )
    total = len(ours)
    ours = ours.reindex(theirs.index)
    same = total == len(theirs) and all(
        (ours[a] == theirs[b]).all()
        for a, b in {"repeated_purchases": "frequency", "recency_days": "recency", "age_days": "T"}.items()
    )
    differences = {
        a: difference(ours[a], theirs[b])
        for a, b in {
            "probability_alive": "alive",
            "expected_purchases": "expected",
            "expected_amount": "amount",
            "lifetime_value": "value",
        }.items()
    }
    check(
        "%s lifetime values" % name,
        same and max(differences.values()) < 1e-3,
        "%d customers, largest differences %s" % (total, " ".join("%s %.1e" % one for one in differences.items())),
    )


def main():
    sources.psql("CREATE EXTENSION footfall")
    sample = sources.load("cdnow_sample", sources.cdnow("CDNOW_sample.txt"))
    compare_lifetimes("cdnow_sample", sample, "1997-10-01", PUBLISHED)
    whole = sources.load("cdnow", sources.cdnow("CDNOW_master.txt"))
    compare_lifetimes("cdnow", whole, None)
    compare_rfm("cdnow", whole)
    for within in [None, "90 days"]:
        compare_experiment("cdnow", whole, "v0", "amount > 50", whole.amount > 50, within, "exclude")

    groceries = sources.load("groceries", sources.complete_journey())
    compare_rfm("groceries", groceries)
    compare_rules("groceries", groceries, "event = 'purchase'", 0.01, 2)
    compare_rules("groceries", groceries, "event = 'purchase'", 0.03, 3)
    compare_attribution("groceries", groceries, "redemption", 45 * DAY, 7 * DAY)
    for switchers in ["exclude", "first"]:
        compare_experiment(
            "groceries",
            groceries,
            "Type B",
            "event = 'redemption'",
            groceries.event == "redemption",
            "30 days",
            switchers,
        )
    compare_lifetimes("groceries", groceries, None)

    clicks = sources.rees46()
    if clicks is None:
        print("REES46 is left out: there is no data/rees46_2019-10-01_head.csv in $FOOTFALL_SHARED")
    else:
        clicks = sources.load("clicks", clicks)
        compare_rfm("clicks", clicks)
        compare_rules("clicks", clicks, "true", 0, 3)
        compare_attribution("clicks", clicks, "purchase", 1800, 600)
        compare_experiment(
            "clicks", clicks, "v0", "event = 'purchase'", clicks.event == "purchase", "20 minutes", "exclude"
        )
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
