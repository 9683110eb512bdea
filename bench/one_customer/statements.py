"""What is asked of the customer's events: (name, SQL with EVENTS for the table, SQLSTATEs that are an answer as well)."""

MET = "event = 'view', event = 'cart', event = 'purchase'"
STEPS = "'{view,cart,purchase}', '1 hour'"


def aggregates():
    calls = {
        "window_funnel": f"window_funnel('1 hour', ts, {MET})",
        "window_funnel, no chain complete": "window_funnel('1 hour', ts, event = 'view', event = 'cart', event = 'none')",
        "window_funnel, strict_order": f"window_funnel('1 hour', '{{strict_order}}', ts, {MET}, event = 'none')",
        "window_funnel, strict_once": f"window_funnel('1 hour', '{{strict_once}}', ts, {MET}, event = 'none')",
        "window_funnel_times": f"window_funnel_times('1 hour', ts, {MET})",
        "retention": f"retention({MET})",
        "active_periods": "active_periods((ts::date - '2026-01-01'))",
        "sequence_match": f"sequence_match('(?1)(?t<=1)(?2)(?t>3600)(?3)', ts, {MET})",
        "sequence_count": f"sequence_count('(?1).*(?2).*(?3)', ts, {MET})",
        "sequence_count, an hour": f"sequence_count('(?1)(?t>=3600)(?2)', ts, {MET})",
        "sequence_next": f"sequence_next('(?3)(?3)', ts, event, {MET})",
        "session_agg": "session_agg(ts, '30 minutes')",
        "session_agg, gap 0": "session_agg(ts, '0')",
        "path_agg": "path_agg(ts, event, 1000)",
        "path_agg, 100,000": "path_agg(ts, event, 100000)",
        "hyperloglog": "hyperloglog(product_id)",
        "approx_count_distinct": "approx_count_distinct(session_id)",
        "uddsketch": "uddsketch(amount::float8)",
        "top_n": "top_n(session_id, 20)",
    }
    for model in ("first", "last", "linear", "position", "time_decay"):
        calls[f"attribution, {model}"] = f"attribution(ts, campaign, event = 'purchase', '{model}', '5 minutes', '1 hour')"
    for name, call in calls.items():
        yield name, f"SELECT customer_id, footfall.{call} FROM EVENTS GROUP BY customer_id"
    yield "sessionize", ("SELECT max(s) FROM (SELECT footfall.sessionize(ts, '30 minutes') OVER (PARTITION BY customer_id "
                         "ORDER BY ts) AS s FROM EVENTS) AS x")


def reports():
    calls = {
        "kpis": "kpis('EVENTS', '1 day')",
        "kpis by campaign": "kpis('EVENTS', '1 month', breakdown => 'campaign', purchase => 'true')",
        "live_activity": "live_activity('EVENTS', '365 days', until => '2026-12-31')",
        "funnel": f"funnel('EVENTS', {STEPS})",
        "funnel, any order": f"funnel('EVENTS', {STEPS}, step_order => 'any')",
        "funnel, exact order": f"funnel('EVENTS', {STEPS}, step_order => 'exact')",
        "funnel by campaign": f"funnel('EVENTS', {STEPS}, breakdown => 'campaign')",
        "funnel of sessions": f"funnel('EVENTS', {STEPS}, counting => 'sessions')",
        "funnel, exclude": f"funnel('EVENTS', {STEPS}, exclude => '{{search}}')",
        "funnel_customers": f"funnel_customers('EVENTS', {STEPS})",
        "cohort_retention": "cohort_retention('EVENTS', '1 month')",
        "cohort_retention by day": "cohort_retention('EVENTS', '1 day')",
        "cohort_retention by hour": "cohort_retention('EVENTS', '1 hour', since => '2026-01-01', until => '2026-01-02')",
        "cohort_retention, two events": "cohort_retention('EVENTS', '1 day', first_event => 'cart', return_event => 'purchase')",
        "lifecycle": "lifecycle('EVENTS', '1 day')",
        "stickiness": "stickiness('EVENTS', '1 month')",
        "user_flows": "user_flows('EVENTS', 20)",
        "user_flows from cart": "user_flows('EVENTS', 20, start_event => 'cart')",
        "sessions": "sessions('EVENTS', '30 minutes')",
        "sessions, gap 0": "sessions('EVENTS', '0')",
        "rfm": "rfm('EVENTS')",
        "basket_rules": "basket_rules('EVENTS', 0.0001, basket => 'session_id', purchase => 'true')",
        "basket_rules, one basket": "basket_rules('EVENTS', 0.5, basket => 'customer_id')",
        "customer_lifetime_value": "customer_lifetime_value('EVENTS', penalizer => 0.01)",
        "experiment": "experiment('EVENTS', 'variant', 'v0', 'purchase', switchers => 'first')",
        "experiment within": "experiment('EVENTS', 'variant', 'v0', 'purchase', within => '1 day', switchers => 'first')",
        "churn_features": "churn_features('EVENTS', '2026-12-31', '365 days')",
        "churn_labels": "churn_labels('EVENTS', '2026-01-02', label_window => '10 days')",
    }
    for model in ("last", "linear", "markov", "shapley"):
        calls[f"campaign_attribution, {model}"] = f"campaign_attribution('EVENTS', '{model}', look_back => '5 minutes')"
    for name, call in calls.items():
        yield name, f"SELECT * FROM footfall.{call}"


# The likelihood of one customer's purchases has no maximum.
ALSO_ALLOWED = {"customer_lifetime_value": ("22023",)}


def statements():
    for source in (aggregates(), reports()):
        for name, text in source:
            yield name, text, ALSO_ALLOWED.get(name, ())
