"""The period that fits the data: hours for a morning's log, weeks for a season, months for years."""
from dataclasses import dataclass


@dataclass
class Period:
    word: str       # "week"
    label: str      # how to_char writes one
    seconds: float  # its length, about

    def start(self, column):
        """SQL: the beginning of the period a time falls into (UTC)."""
        return f"date_trunc('{self.word}', {column}, 'UTC')"

    def distance(self, later, earlier):
        """SQL: how many periods lie between two beginnings."""
        if self.word in ("month", "quarter", "year"):
            months = (f"(extract(year from age({later} AT TIME ZONE 'UTC', "
                      f"{earlier} AT TIME ZONE 'UTC')) * 12 + "
                      f"extract(month from age({later} AT TIME ZONE 'UTC', "
                      f"{earlier} AT TIME ZONE 'UTC')))")
            return f"({months} / {dict(month=1, quarter=3, year=12)[self.word]})::int"
        return f"round(extract(epoch from {later} - {earlier}) / {self.seconds:.0f})::int"

    def step(self):
        """SQL: the length of one period as an interval."""
        return f"interval '{self.length()}'"

    def length(self):
        return "3 months" if self.word == "quarter" else f"1 {self.word}"


HOUR, DAY = 3600, 86400
MINUTE_P = Period("minute", "HH24:MI", 60)
HOUR_P = Period("hour", "Mon DD HH24:MI", HOUR)
DAY_P = Period("day", "Dy Mon DD", DAY)
WEEK_P = Period("week", "Mon DD", 7 * DAY)
MONTH_P = Period("month", "YYYY-MM", 30.4 * DAY)
QUARTER_P = Period("quarter", 'YYYY-"Q"Q', 91.3 * DAY)
YEAR_P = Period("year", "YYYY", 365.25 * DAY)


def fitting(seconds):
    """The period for data that spans this many seconds: about 3 to 40 of them."""
    for period, most in ((MINUTE_P, HOUR), (HOUR_P, 2 * DAY), (DAY_P, 21 * DAY),
                         (WEEK_P, 200 * DAY), (MONTH_P, 4 * 365 * DAY),
                         (QUARTER_P, 10 * 365 * DAY)):
        if seconds < most:
            return period
    return YEAR_P
