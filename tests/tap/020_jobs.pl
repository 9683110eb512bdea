# Jobs of managed tables while others work: strays moved under writers and readers, locks, crashes, restarts, decoding,
# dumps.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('jobs');
$node->init(allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "autovacuum = off\ntimezone = 'UTC'\nlog_min_messages = debug1\nrestart_after_crash = on\n");
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }

# The owner cannot log in.
sql(<<'SQL');
CREATE EXTENSION footfall;
CREATE ROLE shop NOLOGIN;
CREATE SCHEMA shop AUTHORIZATION shop;
SET ROLE shop;
CREATE TABLE shop.events (ts timestamptz NOT NULL, id bigint NOT NULL, v text) PARTITION BY RANGE (ts);
SELECT footfall.configure('shop.events', time_column => 'ts', partition_interval => '1 day', premake => 0,
    seal_after => '1 hour', compact_after => '1 day');
INSERT INTO shop.events SELECT '2019-01-01'::timestamptz + i * interval '10 seconds', i, md5(i::text) FROM generate_series(0, 49999) i;
SQL

# An older snapshot, a writer of strays (PostgreSQL refuses a row, with 23514, whose partition was attached while its
# statement ran: the writer tries again), and the job, at once. Every snapshot sees every row once.
my $counts = 'SELECT count(*), count(DISTINCT id), sum(id) FROM shop.events WHERE id < 50000';
my $expected = sql($counts);
my $reader = $node->background_psql('postgres', on_error_stop => 0);
$reader->query('BEGIN ISOLATION LEVEL REPEATABLE READ');
is($reader->query($counts), $expected, 'the reader sees all');
# Its lock on the default partition would be in the way; the snapshot alone is not.
$reader->query('COMMIT');
$reader->query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
my $log = -s $node->logfile;
my $stop = $node->basedir . '/stop';
my $writer = IPC::Run::start([ 'bash', '-c', <<'BASH', 'writer', $stop, $node->connstr('postgres') ], '>', \my $writer_out, '2>', \my $writer_err);
i=100000
while [ ! -e "$1" ]; do
    echo "DO \$\$ BEGIN LOOP BEGIN INSERT INTO shop.events VALUES ('2019-01-02 12:00:00+00'::timestamptz + ($i % 3) * interval '1 day', $i, 'late'); EXIT; EXCEPTION WHEN check_violation THEN NULL; END; END LOOP; END \$\$;" || exit 1
    i=$((i + 1))
done | psql -X -q -v ON_ERROR_STOP=1 -d "$2" && touch "$1.done"
BASH
$node->poll_query_until('postgres', 'SELECT count(*) >= 20 FROM shop.events WHERE id >= 100000') or die 'no writer';
my ($status, $stdout, $stderr) = $node->psql('postgres', "CALL footfall.run_jobs('shop.events', as_of => '2019-01-05 12:00+00')");
# A second run for what the first had to leave to its next turn.
$node->psql('postgres', "CALL footfall.run_jobs('shop.events', as_of => '2019-01-05 12:00+00')");
PostgreSQL::Test::Utils::append_to_file($stop, '');
$writer->finish;
ok(-e "$stop.done", 'no writer was refused') or diag($writer_err);
is($reader->query($counts), $expected, 'the older snapshot sees every row once');
$reader->query('COMMIT');
$reader->quit;
is(sql($counts), $expected, 'and so does a new one');
my $written = sql('SELECT count(*) FROM shop.events WHERE id >= 100000');
is($written, sql('SELECT max(id) - 99999 FROM shop.events WHERE id >= 100000'), "each of $written late rows once");
sql("CALL footfall.run_jobs('shop.events', as_of => '2019-01-05 12:00+00')");
is(sql('SELECT count(*) FROM ONLY shop.events_default'), '0', 'no stray is left');
is(sql("SELECT count(*) FROM footfall.verify('shop.events')"), '0', 'verified');
my $messages = slurp_file($node->logfile, $log);
like($messages, qr/updated partition constraint for default partition "events_default" is implied by existing constraints/,
	'attaching does not read the default partition');
is(sql("SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relname LIKE 'events%'"), 'shop', 'all of it is the owner\'s');

# Somebody who reads the default partition for long is not waited for: the job says so and comes again.
sql("INSERT INTO shop.events VALUES ('2018-06-01', -1, 'stray')");
my $long = $node->background_psql('postgres');
$long->query('BEGIN; SELECT count(*) FROM shop.events_default');
($status, $stdout, $stderr) = $node->psql('postgres', "CALL footfall.run_jobs('shop.events', as_of => '2019-01-05 12:00+00')");
like($stderr, qr/could not lock "events_default" within a moment/, 'a long reader is left alone');
is(sql("SELECT state, attempts, sqlstate FROM footfall.jobs JOIN LATERAL (SELECT sqlstate FROM footfall.job_history h
	WHERE h.job = 'partitions' ORDER BY started DESC LIMIT 1) h ON true WHERE job = 'partitions'"), 'failed|1|55P03', 'recorded');
is(sql("SELECT count(*) FROM shop.events WHERE id = -1"), '1', 'the row is where it was');
is(sql("SELECT next_start - last_started FROM footfall.jobs WHERE job = 'partitions'"), '00:00:30', 'tried again in 30 seconds');
sql("CALL footfall.run_jobs()");
is(sql("SELECT attempts FROM footfall.jobs WHERE job = 'partitions'"), '1', 'not before');
$long->query('COMMIT');
$long->quit;
sql("CALL footfall.run_jobs('shop.events', as_of => '2019-01-05 12:00+00')");
is(sql("SELECT state, attempts FROM footfall.jobs WHERE job = 'partitions'"), 'done|0', 'done then');
is(sql("SELECT tableoid::regclass FROM shop.events WHERE id = -1"), 'shop.events_p2018_06_01', 'and moved');

# Two sessions do not run the same job; its lock names it, and it can be cancelled.
my $busy = $node->background_psql('postgres', on_error_stop => 0);
$busy->query_until(qr/begun/, "\\echo begun\nSET footfall.failpoint = 'job_after_attempt:sleep'; CALL footfall.run_jobs('shop.events');\n");
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM footfall.jobs WHERE state = 'running' AND pid IS NOT NULL AND job = 'partitions'")
	or die 'the job does not show as running';
($status, $stdout, $stderr) = $node->psql('postgres', "CALL footfall.run_jobs('shop.events')");
like($stderr, qr/job "partitions" is being run by another session/, 'one at a time');
$busy->quit;

# Its process is killed: the attempt counts, survives the restart, and shows in the history.
$node->psql('postgres', "SET footfall.failpoint = 'job_after_attempt:crash'; CALL footfall.run_jobs('shop.events')");
$node->poll_query_until('postgres', 'SELECT true') or die 'no recovery';
is(sql("SELECT state, attempts FROM footfall.jobs WHERE job = 'partitions'"), 'interrupted|1', 'the attempt was recorded');
$node->restart;
my $runs = sql("SELECT count(*) FROM footfall.job_history WHERE job = 'partitions'");
sql('CALL footfall.run_jobs()');
is(sql("SELECT count(*) FROM footfall.job_history WHERE job = 'partitions'"), $runs, 'it backs off over a restart');
$node->psql('postgres', "SET footfall.failpoint = 'job_after_attempt:crash'; CALL footfall.run_jobs('shop.events')");
$node->poll_query_until('postgres', 'SELECT true') or die 'no recovery';
is(sql("SELECT attempts, next_start - last_started FROM footfall.jobs WHERE job = 'partitions'"), '2|00:01:00', 'longer each time');
sql("CALL footfall.run_jobs('shop.events')");
is(sql("SELECT count(*) FROM footfall.job_history WHERE error LIKE 'the run never ended%'"), '2', 'both are in the history');
is(sql("SELECT state, attempts FROM footfall.jobs WHERE job = 'partitions'"), 'done|0', 'and it goes on');

# The history is kept for 30 days.
sql("UPDATE footfall.job_run SET started = started - interval '31 days', finished = finished - interval '31 days' WHERE job = 'seal'");
sql("CALL footfall.run_jobs('shop.events')");
is(sql("SELECT count(*) FROM footfall.job_history WHERE job = 'seal'"), '1', 'old runs are forgotten');

# A clock that was set back: what started in the future is due.
sql("UPDATE footfall.job SET started = now() + interval '1 year', next_start = now() + interval '1 year' WHERE job = 'seal'");
sql('CALL footfall.run_jobs()');
is(sql("SELECT last_started < now() FROM footfall.jobs WHERE job = 'seal'"), 't', 'jobs run after the clock was set back');

# Moving rows is not news for a subscriber to all tables.
sql("CREATE PUBLICATION everything FOR ALL TABLES");
sql("SELECT pg_create_logical_replication_slot('decoded', 'pgoutput')");
sql("INSERT INTO shop.events VALUES ('2018-07-01', -2, 'stray')");
my $changes = "SELECT count(*) FILTER (WHERE get_byte(data, 0) = ascii('I')), count(*) FILTER (WHERE get_byte(data, 0) IN (ascii('D'), ascii('U')))
	FROM pg_logical_slot_get_binary_changes('decoded', NULL, NULL, 'proto_version', '1', 'publication_names', 'everything')";
is(sql($changes), '1|0', 'the INSERT is sent');
sql("CALL footfall.run_jobs('shop.events')");
is(sql("SELECT tableoid::regclass FROM shop.events WHERE id = -2"), 'shop.events_p2018_07_01', 'the stray has moved');
is(sql($changes), '0|0', 'and nothing is sent');

# What is dropped goes by the setting of that moment: a run that waits for its first partition drops none after the
# setting was lengthened.
sql(<<'SQL');
SET ROLE shop;
CREATE TABLE shop.kept (ts timestamptz NOT NULL, id int) PARTITION BY RANGE (ts);
SELECT footfall.configure('shop.kept', time_column => 'ts', partition_interval => '1 day', premake => 0, retain => '100 days');
INSERT INTO shop.kept SELECT '2019-01-01'::timestamptz + i * interval '1 day', i FROM generate_series(0, 9) i;
SQL
sql("CALL footfall.run_jobs('shop.kept', as_of => '2019-01-10 12:00+00')");
sql("SELECT footfall.configure('shop.kept', retain => '2 days')");
is(sql("SELECT count(*) FROM pg_class WHERE relname LIKE 'kept_p2019%'"), '10', 'ten days');
$long = $node->background_psql('postgres');
$long->query('BEGIN; LOCK TABLE shop.kept IN ACCESS SHARE MODE');
my $retain = $node->background_psql('postgres', on_error_stop => 0);
$retain->query_until(qr/begun/, "\\echo begun\nCALL footfall.retain('shop.kept', as_of => '2019-01-10 12:00+00');\n\\echo ended\n");
$node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'shop.kept'::regclass AND mode = 'AccessExclusiveLock'")
	or die 'retain does not wait';
sql("SELECT footfall.configure('shop.kept', retain => '100 days')");
$long->query('COMMIT');
$long->quit;
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM footfall.jobs WHERE relation = 'shop.kept'::regclass AND state = 'running'") or die;
$retain->quit;
is(sql('SELECT count(*) FROM shop.kept'), '10', 'nothing is dropped by a setting of before');
sql('DROP TABLE shop.kept');

# pg_dump takes the settings along and not the history; the restored table works on.
$expected = sql($counts);
$node->command_ok([ 'pg_dump', '-f', $node->basedir . '/dump.sql', 'postgres' ], 'pg_dump');
sql('CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $node->basedir . '/dump.sql', 'restored' ], 'restored');
is($node->safe_psql('restored', $counts), $expected, 'every row');
is($node->safe_psql('restored', 'SELECT count(*) FROM footfall.job_history'), '0', 'no history');
$node->safe_psql('restored', 'CALL footfall.run_jobs()');
is($node->safe_psql('restored', "SELECT string_agg(job || ' ' || state, ', ' ORDER BY job) FROM footfall.jobs"),
	'compact done, partitions done, seal done', 'its jobs run');

$node->stop;
done_testing();
