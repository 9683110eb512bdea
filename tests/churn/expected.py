"""Features and labels worked out event by event."""

import collections
import math

DAY = 86_400_000_000


def ratio(part, whole):
    return part / whole if whole else None


class Customer:
    """What one customer did before the cutoff, in time order."""

    def __init__(self, log, cutoff, history):
        self.log = log
        self.cutoff = cutoff
        self.first = history[0]["time"]
        self.events = [event for event in history if event["time"] >= cutoff - round(log.window * DAY)]

    def purchases(self):
        return [event for event in self.events if event.get("event", "purchase") == "purchase"]

    def purchase_moments(self):
        """When each order began; without order numbers, when something was bought."""
        if "order" not in self.log.columns:
            return sorted({event["time"] for event in self.purchases()})
        begun = {}
        for event in self.purchases():
            begun.setdefault(event["order"], event["time"])
        return sorted(set(begun.values()))

    def sessions(self):
        """Lists of events, the last session last."""
        if "session" in self.log.columns:
            by_name = collections.defaultdict(list)
            for event in self.events:
                by_name[event["session"]].append(event)
            return sorted(by_name.values(), key=lambda events: (events[-1]["time"], len(events)))
        found = []
        for event in self.events:
            if not found or event["time"] - found[-1][-1]["time"] > self.log.gap_minutes * 60_000_000:
                found.append([])
            found[-1].append(event)
        return found

    def different(self, key):
        if key not in self.log.columns:
            return None
        return len({event[key] for event in self.events if event[key] is not None})

    def named(self, *names):
        if "event" not in self.log.columns:
            return None
        return sum(event["event"] in names for event in self.events)

    def ended_within(self, sessions, days):
        return sum(events[-1]["time"] >= self.cutoff - days * DAY for events in sessions)

    def since(self, time):
        return None if time is None else (self.cutoff - time) / DAY

    def features(self):
        bought = self.purchases()
        moments = self.purchase_moments()
        gaps = [(later - earlier) / DAY for earlier, later in zip(moments, moments[1:])]
        mean = math.fsum(gaps) / len(gaps) if gaps else None
        sessions = self.sessions()
        session_gap = (sessions[-1][-1]["time"] - min(events[-1]["time"] for events in sessions)) / DAY / \
            (len(sessions) - 1) if len(sessions) > 1 else None
        money = sum(event["amount"] for event in bought) / 100
        frequency = len({event["order"] for event in bought}) if "order" in self.log.columns else len(bought)
        half = round(self.log.window * DAY) // 2
        recent = sum(event["time"] >= self.cutoff - half for event in self.events)
        earlier = sum(self.cutoff - 2 * half <= event["time"] < self.cutoff - half for event in self.events)
        return {
            "recency_days": self.since(self.events[-1]["time"]),
            "frequency": frequency,
            "monetary": money,
            "average_basket": ratio(money, frequency),
            "purchase_recency_days": self.since(bought[-1]["time"] if bought else None),
            "purchase_gap_days": mean,
            "purchase_gap_deviation":
                math.sqrt(math.fsum((gap - mean) ** 2 for gap in gaps) / (len(gaps) - 1)) if len(gaps) > 1 else None,
            "tenure_days": self.since(self.first),
            "active_days": len({event["time"] // DAY for event in self.events}),
            "events": len(self.events),
            "views": self.named("view"),
            "searches": self.named("search"),
            "carts": self.named("cart"),
            "cart_removals": self.named("remove_from_cart"),
            "checkouts": self.named("checkout"),
            "purchases": len(bought),
            "returns": self.named("refund"),
            "sessions": len(sessions),
            "sessions_7_days": self.ended_within(sessions, 7),
            "sessions_14_days": self.ended_within(sessions, 14),
            "sessions_30_days": self.ended_within(sessions, 30),
            "session_gap_days": session_gap,
            "session_overdue": ratio(self.since(sessions[-1][-1]["time"]), session_gap),
            "events_per_session": len(self.events) / len(sessions),
            "last_session_events": len(sessions[-1]),
            "trend": ratio(recent - earlier, recent + earlier),
            "products": self.different("product"),
            "categories": self.different("category"),
            "campaign_share": None,
            "device": None,
            "country": None,
        }


def features(log, by_customer, cutoff):
    """Of each customer who was active in the window, a dictionary."""
    found = {}
    for name, events in by_customer.items():
        history = [event for event in events if event["time"] < cutoff]
        if history and history[-1]["time"] >= cutoff - round(log.window * DAY):
            found[name] = Customer(log, cutoff, history).features()
    return found


def churned(log, by_customer, name, cutoff, gap):
    begin = cutoff + gap
    return not any(begin <= event["time"] < begin + round(log.label * DAY) for event in by_customer[name])
