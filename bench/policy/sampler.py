"""What is local, once a second."""
import time
from dataclasses import dataclass

from session import Companion, Session

# Of the whole tree: all forks, TOAST and indexes; and footfall's own tables.
QUERY = """WITH leaf AS (
    SELECT pg_total_relation_size(t.relid) AS bytes, COALESCE(pg_total_relation_size(c.reltoastrelid), 0) AS toast
    FROM pg_partition_tree('{table}') t JOIN pg_class c ON c.oid = t.relid WHERE t.isleaf),
two AS (SELECT bytes FROM leaf ORDER BY bytes DESC LIMIT 2)
SELECT (SELECT sum(bytes - toast) FROM leaf), (SELECT sum(toast) FROM leaf),
    (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
     WHERE c.relnamespace = 'footfall'::regnamespace AND c.relkind = 'r'),
    (SELECT COALESCE(sum(bytes), 0) FROM two),
    (SELECT COALESCE(sum(rows), 0) FROM footfall.archive_objects WHERE state = 'switched')"""


@dataclass
class Sample:
    second: float
    hot: int
    toast: int
    catalogs: int
    two_largest: int
    archived_rows: int

    @property
    def local(self):
        return self.hot + self.toast + self.catalogs


class Sampler(Companion):
    def __init__(self, database, table):
        super().__init__(Session(database))
        self.query = QUERY.format(table=table)
        self.samples = []

    def run(self):
        started = time.monotonic()
        while not self.stopping.wait(1):
            values = [int(value) for value in self.session.ask(self.query)[0]]
            self.samples.append(Sample(time.monotonic() - started, *values))
