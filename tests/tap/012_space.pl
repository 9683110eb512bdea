# Compaction gives back what it frees: chunks of merged segments, tombstones of dropped rows and their index.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('space');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\nclient_min_messages = warning\n");
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub compact { return $node->safe_psql('postgres', "CALL footfall.compact('t')"); }

# All of it: the table, its TOAST relation, footfall's catalogs.
my $size = "SELECT (pg_total_relation_size('t') + (SELECT sum(pg_total_relation_size(oid)) FROM pg_class
    WHERE relnamespace = 'footfall'::regnamespace AND relkind = 'r'))::bigint";

sql("CREATE EXTENSION footfall;
	CREATE TABLE t (id int, v text NOT NULL, n int NOT NULL DEFAULT 0) USING footfall;
	SELECT footfall.configure('t', order_by => ARRAY['id']);
	INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 300000) i");
sql("CALL footfall.seal('t')");
compact();
sql('VACUUM t');
my $before = sql($size);
my $stored = sql('SELECT sum(stored_bytes) FROM footfall.segments');
cmp_ok($before, '<', $stored * 1.1 + 500_000, 'after seal and compact the table is as large as its segments');

sql("UPDATE t SET n = n + 1 WHERE id % 20 = $_") for 0 .. 9;
my $swollen = sql($size);
cmp_ok($swollen, '>', $before * 2, 'updates of sealed rows take space');
sql("CALL footfall.seal('t')");
compact();
sql('VACUUM t');
my $after = sql($size);
cmp_ok($after, '<', $before * 1.1, "rounds of updates, seal and compact leave no more than a tenth ($before, $after)");
is(sql('SELECT count(*), sum(n), count(*) FILTER (WHERE v <> md5(id::text)) FROM t'), '300000|150000|0', 'every row');
is(sql("SELECT count(*) FROM footfall.verify('t')"), '0', 'verified');

# An older snapshot keeps what it needs, and the next call gives it back.
my $reader = $node->background_psql('postgres', on_error_stop => 0);
$reader->query('BEGIN ISOLATION LEVEL REPEATABLE READ');
my $seen = $reader->query('SELECT count(*) FROM t WHERE n = 0');
sql('DELETE FROM t WHERE id % 3 = 0');
compact();
is($reader->query('SELECT count(*) FROM t WHERE n = 0'), $seen, 'the older snapshot reads on');
$reader->query('COMMIT');
$reader->quit;
compact();
sql('VACUUM t');
cmp_ok(sql($size), '<', $before * 0.8, 'a third deleted is given back');
is(sql('SELECT count(*) FROM t'), '200000', 'the others are there');
is(sql("SELECT count(*) FROM footfall.verify('t')"), '0', 'verified again');

# Inserts fill the pages that seals have emptied, without a vacuum.
sql("CREATE TABLE h (id int, v text) USING footfall; INSERT INTO h SELECT i, repeat(md5(i::text), 4) FROM generate_series(1, 20000) i");
my $hot = sql("SELECT pg_relation_size('h')");
for (1 .. 8)
{
	sql("CALL footfall.seal('h')");
	sql("INSERT INTO h SELECT i, repeat(md5(i::text), 4) FROM generate_series(1, 20000) i");
}
cmp_ok(sql("SELECT pg_relation_size('h')"), '<', $hot * 4, 'the hot store does not grow with each seal');
is(sql('SELECT count(*), sum(id) FROM h'), '180000|' . 9 * 20000 * 20001 / 2, 'every row, once');
# Nor when a page has been filled more often than it has line pointers for, which with small rows is at once.
sql("CREATE TABLE n (id int, v int) USING footfall; INSERT INTO n SELECT i, i FROM generate_series(1, 20000) i");
$hot = sql("SELECT pg_relation_size('n')");
for (1 .. 12)
{
	sql("CALL footfall.seal('n')");
	sql("INSERT INTO n SELECT i, i FROM generate_series(1, 20000) i");
}
cmp_ok(sql("SELECT pg_relation_size('n')"), '<', $hot * 4, 'pages are filled again although they had many rows');
is(sql('SELECT count(*), sum(id) FROM n'), '260000|' . 13 * 20000 * 20001 / 2, 'every row, once');
is(sql("SELECT count(*) FROM footfall.verify('h')"), '0', 'verified');

$node->stop;
done_testing();
