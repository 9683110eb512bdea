# What the tests share: tables in every state (hot, sealed, compacted, deleted from, with columns added and dropped),
# a digest of what each holds, and an ordinary load over them.
package Footfall::Tables;

use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(make_tables change_tables digest table_names verify_problems);

# The tables that make_tables makes and digest reads.
sub table_names
{
	return qw(events mixed types parted plain sketches);
}

sub make_tables
{
	my ($node, $database) = @_;
	$node->safe_psql($database, <<'SQL');
CREATE EXTENSION IF NOT EXISTS footfall;
CREATE TABLE events (id bigint, customer int, kind text, amount numeric(10, 2), at timestamptz, extra jsonb) USING footfall;
INSERT INTO events SELECT i, i % 100, (ARRAY['view', 'cart', 'purchase', NULL])[1 + i % 4], i / 100.0,
    '2026-01-01 00:00+00'::timestamptz + i * interval '1 minute', jsonb_build_object('n', i % 7)
FROM generate_series(1, 20000) i;
CALL footfall.seal('events');
CALL footfall.compact('events');

CREATE TABLE mixed (a int, b text) USING footfall;
INSERT INTO mixed SELECT i, repeat('b' || i, 1 + i % 50) FROM generate_series(1, 5000) i;
CALL footfall.seal('mixed');
DELETE FROM mixed WHERE a % 10 = 0;
UPDATE mixed SET b = 'updated' WHERE a % 10 = 1;
ALTER TABLE mixed ADD COLUMN c int DEFAULT 7;
ALTER TABLE mixed ADD COLUMN gone int DEFAULT 8;
INSERT INTO mixed SELECT i, 'hot', i FROM generate_series(5001, 5500) i;
ALTER TABLE mixed DROP COLUMN gone;

CREATE TYPE mood AS ENUM ('low', 'high');
CREATE TABLE types (i int, f double precision, n numeric, u uuid, m mood, r tstzrange, a text[], bytes bytea, t text, flag boolean)
    USING footfall;
INSERT INTO types SELECT i, i / 7.0, i * 1.10, md5(i::text)::uuid, CASE WHEN i % 2 = 0 THEN 'low' ELSE 'high' END::mood,
    tstzrange('2026-01-01 00:00+00', '2026-01-01 00:00+00'::timestamptz + i * interval '1 day'), ARRAY['x', NULL, i::text],
    decode(md5(i::text), 'hex'), CASE WHEN i % 500 = 0 THEN repeat(md5(i::text), 400) ELSE 'short ' || i END, i % 3 = 0
FROM generate_series(1, 3000) i;
INSERT INTO types (f, n) VALUES ('NaN', 'NaN'), ('-Infinity', 'Infinity'), (NULL, NULL);
CALL footfall.seal('types');

CREATE TABLE parted (at date NOT NULL, customer int, v text) PARTITION BY RANGE (at);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2026-02-01') USING footfall;
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') USING footfall;
INSERT INTO parted SELECT date '2026-01-01' + i % 59, i, 'v' || i % 10 FROM generate_series(1, 4000) i;
CALL footfall.seal('parted_1');
UPDATE parted SET at = at + 31 WHERE at = '2026-01-02';

CREATE TABLE plain (a int) USING footfall;
INSERT INTO plain SELECT generate_series(1, 100);

CREATE TABLE sketches (day date, customers footfall.hyperloglog_sketch, amounts footfall.uddsketch, kinds footfall.top_n_sketch) USING footfall;
INSERT INTO sketches SELECT at::date, footfall.hyperloglog(id), footfall.uddsketch(amount), footfall.top_n(kind, 3) FROM events GROUP BY 1;
CALL footfall.seal('sketches');
INSERT INTO sketches SELECT 'infinity', footfall.rollup(customers), footfall.rollup(amounts), footfall.rollup(kinds) FROM sketches;
SQL
}

# One more round of everything a client does. Each round's rows differ, so that a lost or doubled round shows.
sub change_tables
{
	my ($node, $database, $round) = @_;
	$node->safe_psql($database, <<SQL);
INSERT INTO events SELECT i, i % 100, 'round $round', $round, now(), NULL FROM generate_series(${round}00001, ${round}00500) i;
CALL footfall.seal('events');
UPDATE events SET kind = 'changed in $round' WHERE id BETWEEN ${round}00 AND ${round}20;
DELETE FROM events WHERE id BETWEEN ${round}30 AND ${round}40;
BEGIN;
DELETE FROM mixed WHERE a % 7 = $round;
SAVEPOINT s;
DELETE FROM mixed;
ROLLBACK TO s;
INSERT INTO mixed (a, b) VALUES (-$round, 'round $round');
COMMIT;
CALL footfall.seal('mixed');
BEGIN;
DELETE FROM types;
CALL footfall.compact('types');
ROLLBACK;
UPDATE types SET t = 'round $round' WHERE i % 100 = $round;
CALL footfall.seal('types');
CALL footfall.compact('types');
COPY parted FROM PROGRAM 'seq -f "2026-02-15,%g,copied" ${round}000 ${round}099' WITH (FORMAT csv);
CALL footfall.seal('parted_2');
DELETE FROM parted WHERE customer = $round;
BEGIN;
TRUNCATE plain;
INSERT INTO plain SELECT generate_series(1, 10 * $round);
CALL footfall.seal('plain');
COMMIT;
VACUUM events, mixed, types, parted, plain;
SQL
}

# A line a table: name, rows, digest of all rows in a fixed order.
sub digest
{
	my ($node, $database) = @_;
	return join("\n", map {
		$_ . ' ' . $node->safe_psql($database,
			"SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY t::text COLLATE \"C\")) FROM $_ t")
	} table_names());
}

# What footfall.verify complains of, over all tables: empty when all is well.
sub verify_problems
{
	my ($node, $database) = @_;
	return join("\n", grep { $_ ne '' } map {
		$node->safe_psql($database, "SET client_min_messages = warning; SELECT * FROM footfall.verify('$_')")
	} table_names());
}

1;
