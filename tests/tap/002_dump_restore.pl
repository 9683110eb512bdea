# pg_dump (plain, parallel directory), pg_dumpall and pg_restore: rows, access methods and settings are there again.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Footfall::Tables;

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init;
$node->start;
make_tables($node, 'postgres');
change_tables($node, 'postgres', 1);
$node->safe_psql('postgres', <<'SQL');
SELECT footfall.configure('events', time_column => 'at', customer_column => 'customer', event_column => 'kind',
    amount => 'amount * 2', order_by => '{customer,at}');
SELECT footfall.configure('parted', time_column => 'at', customer_column => 'customer');
CREATE MATERIALIZED VIEW per_customer USING footfall AS SELECT customer, count(*) AS n FROM events GROUP BY customer;
SQL

my $methods = "SELECT c.relname, a.amname FROM pg_class c JOIN pg_am a ON a.oid = c.relam
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'm') ORDER BY 1";
my $settings = 'SELECT relation, setting, value FROM footfall.settings ORDER BY relation::text, setting';
my %expected = (
	rows => digest($node, 'postgres'),
	methods => $node->safe_psql('postgres', $methods),
	settings => $node->safe_psql('postgres', $settings),
	view => $node->safe_psql('postgres', 'SELECT count(*), sum(n) FROM per_customer'));
like($expected{settings}, qr/order_by/, 'there are settings to dump');

sub check_restored
{
	my ($server, $database, $how) = @_;
	is(digest($server, $database), $expected{rows}, "$how: rows");
	is($server->safe_psql($database, $methods), $expected{methods}, "$how: access methods");
	is($server->safe_psql($database, $settings), $expected{settings}, "$how: settings");
	is($server->safe_psql($database, 'SELECT count(*), sum(n) FROM per_customer'), $expected{view}, "$how: materialized view");
	is(verify_problems($server, $database), '', "$how: verify");
	$server->safe_psql($database, "CALL footfall.seal('events'); CALL footfall.compact('events'); CALL footfall.seal('parted_1')");
	is(digest($server, $database), $expected{rows}, "$how: rows, sealed again");
}

my $directory = $node->basedir;
$node->command_ok([ 'pg_dump', '-f', "$directory/plain.sql", 'postgres' ], 'pg_dump, plain');
$node->safe_psql('postgres', 'CREATE DATABASE plain');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$directory/plain.sql", 'plain' ], 'restored with psql');
check_restored($node, 'plain', 'plain');

# Several workers share one exported snapshot while rows move between the stores.
$node->safe_psql('postgres', 'DROP TABLE plain; CREATE TABLE plain (a int) USING footfall');
$expected{rows} = digest($node, 'postgres');
$node->command_ok([ 'pg_dump', '-Fd', '-j', '3', '-f', "$directory/parallel", 'postgres' ], 'pg_dump, three jobs');
$node->safe_psql('postgres', 'CREATE DATABASE parallel');
$node->command_ok([ 'pg_restore', '-j', '3', '-d', 'parallel', "$directory/parallel" ], 'pg_restore, three jobs');
check_restored($node, 'parallel', 'three jobs');

# INSERT statements, and data only into tables that exist
$node->command_ok([ 'pg_dump', '--data-only', '--inserts', '-t', 'mixed', '-f', "$directory/inserts.sql", 'postgres' ],
	'pg_dump, data as INSERTs');
my $mixed = 'SELECT count(*), sum(a), sum(c) FROM mixed';
my $sums = $node->safe_psql('postgres', $mixed);
$node->safe_psql('parallel', 'TRUNCATE mixed');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$directory/inserts.sql", 'parallel' ], 'INSERTs run');
is($node->safe_psql('parallel', $mixed), $sums, 'data as INSERTs');

# the way out: a dump that ignores the access method restores on a server without the extension's tables being footfall's
$node->command_ok([ 'pg_dump', '--no-table-access-method', '-f', "$directory/heap.sql", '-t', 'events', '-t', 'mixed', 'postgres' ],
	'pg_dump without access methods');
$node->safe_psql('postgres', 'CREATE DATABASE heap');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$directory/heap.sql", 'heap' ], 'restored as heap');
is($node->safe_psql('heap', $mixed), $sums, 'rows are a heap table now');
is($node->safe_psql('heap', "SELECT amname FROM pg_class c JOIN pg_am a ON a.oid = relam WHERE relname = 'mixed'"), 'heap', 'indeed');

# the whole cluster
$node->safe_psql('postgres', "DROP DATABASE $_") for qw(plain parallel heap);
$node->command_ok([ 'pg_dumpall', '-f', "$directory/all.sql" ], 'pg_dumpall');
my $other = PostgreSQL::Test::Cluster->new('restored');
$other->init;
$other->start;
$other->command_ok([ 'psql', '-X', '-q', '-f', "$directory/all.sql", 'postgres' ], 'pg_dumpall restored');
check_restored($other, 'postgres', 'pg_dumpall');

$node->stop;
$other->stop;
done_testing();
