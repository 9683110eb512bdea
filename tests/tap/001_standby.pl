# A physical standby equals its primary, page by page (wal_consistency_checking) and row by row, while it follows and
# after it is promoted; and crash recovery of the primary brings everything back.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Footfall::Tables;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', <<'CONF');
wal_consistency_checking = 'all'
max_prepared_transactions = 5
autovacuum = off
wal_keep_size = '2GB'
CONF
$primary->start;
make_tables($primary, 'postgres');
$primary->backup('base');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

for my $round (1 .. 4)
{
	change_tables($primary, 'postgres', $round);
	$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
	is(digest($standby, 'postgres'), digest($primary, 'postgres'), "standby equals primary after round $round");
}

# A snapshot on the standby outlives what the primary does. (Recovery may cancel it, as it may for a heap: not here.)
$standby->append_conf('postgresql.conf', 'max_standby_streaming_delay = -1');
$standby->reload;
my $before = $standby->safe_psql('postgres', 'SELECT count(*), sum(a) FROM mixed');
my $reader = $standby->background_psql('postgres', on_error_stop => 1);
$reader->{timeout} = IPC::Run::timer($PostgreSQL::Test::Utils::timeout_default) unless $reader->{timeout};
my $can_query = $reader->can('query_safe');
SKIP:
{
	skip 'this version of the test modules has no interactive sessions', 1 unless $can_query;
	$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
	$reader->query_safe('SELECT count(*) FROM mixed');
	$primary->safe_psql('postgres', "CALL footfall.seal('mixed'); CALL footfall.compact('mixed')");
	$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
	is($reader->query_safe('SELECT count(*), sum(a) FROM mixed'), $before, 'a snapshot on the standby keeps its rows');
	$reader->query_safe('COMMIT');
}

# The WAL of a crashed primary: what was committed is there, what was prepared waits, what was open is gone.
$primary->safe_psql('postgres', <<'SQL');
BEGIN;
UPDATE mixed SET b = 'prepared' WHERE a = 6;
DELETE FROM mixed WHERE a = 12;
CALL footfall.seal('plain');
PREPARE TRANSACTION 'over the crash';
SQL
my $committed = digest($primary, 'postgres');
$primary->stop('immediate');
$primary->start;
is(digest($primary, 'postgres'), $committed, 'crash recovery brings back what was committed');
$primary->safe_psql('postgres', "COMMIT PREPARED 'over the crash'");
is($primary->safe_psql('postgres', "SELECT count(*) FILTER (WHERE b = 'prepared'), count(*) FILTER (WHERE a = 12) FROM mixed"),
	'1|0', 'a prepared transaction commits after the crash');

$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
is(verify_problems($primary, 'postgres'), '', 'verify has nothing to say on the primary');
my $at_end = digest($primary, 'postgres');
$primary->stop;
$standby->promote;
is(digest($standby, 'postgres'), $at_end, 'the promoted standby equals the primary');
change_tables($standby, 'postgres', 5);
is(verify_problems($standby, 'postgres'), '', 'verify has nothing to say on the promoted standby, after more changes');
ok(!-s $standby->logfile || !$standby->log_contains('inconsistent page found'), 'no page differs');
$standby->stop;

done_testing();
