# Logical replication with footfall tables on either side: subscribers stay equal while rows are sealed, compacted,
# changed in segments, bulk loaded and vacuumed; moves between the stores send nothing.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = PostgreSQL::Test::Cluster->new('publisher');
$publisher->init(allows_streaming => 'logical');
$publisher->append_conf('postgresql.conf', 'autovacuum = off');
$publisher->start;
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(allows_streaming => 'logical');
$subscriber->start;

for my $node ($publisher, $subscriber)
{
	$node->safe_psql('postgres', 'CREATE EXTENSION footfall');
}
# footfall -> heap, footfall -> footfall, heap -> footfall
my @tables = (
	[ 'to_heap', 'footfall', 'heap' ],
	[ 'to_footfall', 'footfall', 'footfall' ],
	[ 'from_heap', 'heap', 'footfall' ]);
for my $table (@tables)
{
	my ($name, $from, $to) = @$table;
	$publisher->safe_psql('postgres', "CREATE TABLE $name (id int, v text, n numeric) USING $from");
	$subscriber->safe_psql('postgres', "CREATE TABLE $name (id int, v text, n numeric) USING $to");
	$publisher->safe_psql('postgres', "INSERT INTO $name SELECT i, 'row ' || i, i * 1.1 FROM generate_series(1, 2000) i");
}
$publisher->safe_psql('postgres', "CALL footfall.seal('to_heap')");
$publisher->safe_psql('postgres', 'CREATE PUBLICATION everything FOR TABLE to_heap, to_footfall, from_heap WITH (publish = \'insert, truncate\')');
my $connection = $publisher->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION s CONNECTION '$connection' PUBLICATION everything");
$subscriber->wait_for_subscription_sync($publisher, 's');

sub same
{
	my ($what) = @_;
	$publisher->wait_for_catchup('s');
	for my $table (@tables)
	{
		my $query = "SELECT count(*), count(DISTINCT id), sum(id), md5(string_agg(t::text, ',' ORDER BY id)) FROM $table->[0] t";
		is($subscriber->safe_psql('postgres', $query), $publisher->safe_psql('postgres', $query), "$table->[0]: $what");
	}
}
same('initial copy, sealed rows included');

$publisher->safe_psql('postgres', "INSERT INTO $_->[0] SELECT i, 'more', i FROM generate_series(2001, 2500) i") for @tables;
same('inserted rows');
for my $table (@tables)
{
	my $name = $table->[0];
	$publisher->safe_psql('postgres', "COPY $name (id, v) FROM PROGRAM 'seq -f \"%g,copied\" 3001 6000' WITH (FORMAT csv)");
}
same('bulk loaded rows');
$publisher->safe_psql('postgres', "CALL footfall.seal('to_heap'); CALL footfall.seal('to_footfall'); CALL footfall.compact('to_heap')");
$publisher->safe_psql('postgres', 'VACUUM to_heap; VACUUM to_footfall; VACUUM FULL to_heap');
$subscriber->safe_psql('postgres', "CALL footfall.seal('to_footfall'); CALL footfall.seal('from_heap'); CALL footfall.compact('from_heap')");
same('sealed, compacted and vacuumed');
$publisher->safe_psql('postgres', <<'SQL');
BEGIN;
INSERT INTO to_heap VALUES (7001, 'sealed before commit', 1);
CALL footfall.seal('to_heap');
INSERT INTO to_heap VALUES (7002, 'after the seal', 1);
COMMIT;
BEGIN;
INSERT INTO to_heap VALUES (7003, 'rolled back', 1);
CALL footfall.seal('to_heap');
ROLLBACK;
SQL
same('sealed in the transaction that inserted');
$publisher->safe_psql('postgres', "TRUNCATE $_->[0]; INSERT INTO $_->[0] VALUES (1, 'after truncate', 1)") for @tables;
same('truncated');

# Changes with REPLICA IDENTITY FULL: such a table stays hot on the publisher and is any table on the subscriber.
my @full = ([ 'full_footfall', 'footfall', 'footfall' ], [ 'full_heap', 'heap', 'footfall' ]);
for my $table (@full)
{
	my ($name, $from, $to) = @$table;
	$publisher->safe_psql('postgres', "CREATE TABLE $name (id int, v text, n numeric) USING $from;
		ALTER TABLE $name REPLICA IDENTITY FULL;
		INSERT INTO $name SELECT i, 'row ' || i, i FROM generate_series(1, 500) i");
	$subscriber->safe_psql('postgres', "CREATE TABLE $name (id int, v text, n numeric) USING $to");
	$publisher->safe_psql('postgres', "ALTER PUBLICATION everything ADD TABLE $name");
}
$publisher->safe_psql('postgres', "ALTER PUBLICATION everything SET (publish = 'insert, update, delete, truncate')");
$subscriber->safe_psql('postgres', 'ALTER SUBSCRIPTION s REFRESH PUBLICATION');
$subscriber->wait_for_subscription_sync($publisher, 's');
@tables = (@tables, @full);
same('tables with full replica identity');
$publisher->safe_psql('postgres', "CALL footfall.seal('full_footfall')");
$subscriber->safe_psql('postgres', "CALL footfall.seal('full_footfall'); CALL footfall.seal('full_heap')");
for my $table (@full)
{
	$publisher->safe_psql('postgres', "UPDATE $table->[0] SET v = 'changed' WHERE id % 50 = 1; DELETE FROM $table->[0] WHERE id % 50 = 2");
}
same('updates and deletes applied to sealed rows of the subscriber');

# test_decoding: an insert is one insert; a row that moves between the stores is a delete that names no row, as are
# footfall's own, and a plugin passes over it
$publisher->safe_psql('postgres', "SELECT pg_create_logical_replication_slot('decode', 'test_decoding')");
$publisher->safe_psql('postgres', "TRUNCATE to_heap; INSERT INTO to_heap VALUES (1, 'one', 1), (2, 'two', 2)");
$publisher->safe_psql('postgres', "CALL footfall.seal('to_heap')");
$publisher->safe_psql('postgres', "CALL footfall.compact('to_heap')");
my $decoded = $publisher->safe_psql('postgres',
	"SELECT data FROM pg_logical_slot_get_changes('decode', NULL, NULL, 'include-xids', '0', 'skip-empty-xacts', '1') WHERE data LIKE 'table%' AND data NOT LIKE '%DELETE: (no-tuple-data)'");
is($decoded, join("\n",
	'table public.to_heap: TRUNCATE: (no-flags)',
	"table public.to_heap: INSERT: id[integer]:1 v[text]:'one' n[numeric]:1",
	"table public.to_heap: INSERT: id[integer]:2 v[text]:'two' n[numeric]:2"),
	'test_decoding shows what was inserted, and nothing of footfall');

$subscriber->stop;
$publisher->stop;
done_testing();
