# A table of more segments than the lock table has entries is sealed, compacted and given its space back; within one
# transaction a share of its segments is compacted, and every row stays.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $segments = 4000;
my $node = PostgreSQL::Test::Cluster->new('many');
$node->init;
$node->append_conf('postgresql.conf', q{
autovacuum = off
fsync = off
max_locks_per_transaction = 10
max_connections = 10
max_worker_processes = 0
max_wal_senders = 0
});
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION footfall;
	CREATE TABLE t (id int, v text) USING footfall;
	SELECT footfall.configure('t', order_by => '{id}');
	ALTER DATABASE postgres SET footfall.min_segment_rows = 1;
});
# Every load makes a segment of two rows.
$node->safe_psql('postgres', join('', map { "COPY t FROM STDIN;\n$_\ta\n-$_\tb\n\\.\n" } 1 .. $segments));

sub state
{
	return $node->safe_psql('postgres', 'SELECT count(*), sum(id), count(DISTINCT id) FROM t');
}

sub counts
{
	return map { int } split /\|/, $node->safe_psql('postgres',
		q{SELECT count(*), count(*) FILTER (WHERE level < 2) FROM footfall.segment});
}

my $rows = 2 * $segments . '|0|' . 2 * $segments;
is(state(), $rows, 'all rows are there');
is((counts())[0], $segments, 'each load made a segment');

$node->safe_psql('postgres', 'BEGIN; CALL footfall.compact($$t$$); COMMIT');
my ($all, $open) = counts();
cmp_ok($all, '<', $segments, "a transaction compacts a share: $all are left");
cmp_ok($open, '>', 0, 'and leaves the others for the next');
is($all, $open + 1, 'the share is one segment now');
is(state(), $rows, 'no row is lost or doubled');

# Also the rows deleted from the segment that is compacted.
$node->safe_psql('postgres', 'DELETE FROM t WHERE id = 1 OR id = -1');
$rows = 2 * $segments - 2 . '|0|' . (2 * $segments - 2);
$node->safe_psql('postgres', 'CALL footfall.compact($$t$$)');
($all, $open) = counts();
is($open, 0, 'outside a transaction block compact goes on to the end');
cmp_ok($all, '<', 100, "few segments are left: $all");
is(state(), $rows, 'no row is lost or doubled');
is($node->safe_psql('postgres', 'SELECT count(*) FROM footfall.tombstone'), '0', 'deleted rows are dropped');

$node->safe_psql('postgres', join('', map { "COPY t FROM STDIN;\n$_\ta\n-$_\tb\n\\.\n" } 1 .. $segments));
# What needs it comes first, wherever it is: here the newest of segments that all count as compacted.
$node->safe_psql('postgres', "UPDATE footfall.segment SET level = 2; DELETE FROM t WHERE id = $segments");
is($node->safe_psql('postgres', 'SELECT count(*) FROM footfall.tombstone'), '2', 'rows are deleted');
$node->safe_psql('postgres', 'BEGIN; CALL footfall.compact($$t$$); COMMIT');
is($node->safe_psql('postgres', 'SELECT count(*) FROM footfall.tombstone'), '0', 'and are dropped in one transaction');

$node->safe_psql('postgres', 'INSERT INTO t VALUES (0)');
$node->safe_psql('postgres', 'CALL footfall.seal($$t$$)');
is(state(), (4 * $segments - 3) . '|' . -2 * $segments . '|' . 2 * $segments, 'seal takes as many small segments as it may');
is($node->safe_psql('postgres', q{SELECT count(*) FROM footfall.verify('t')}), '0', 'nothing is damaged');
$node->stop;
done_testing();
