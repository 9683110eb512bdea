# The launcher and its workers: whose jobs they run, how many at once, and what becomes of them when databases are dropped,
# processes end, settings change and servers stop.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('workers');
$node->init(allows_streaming => 1);
# Looking at databases by the hour: what runs sooner was asked for, or was due.
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'footfall'
footfall.launcher_interval = '1h'
footfall.max_workers = 2
max_worker_processes = 16
autovacuum = off
timezone = 'UTC'
restart_after_crash = on
log_line_prefix = '%m [%p] %b '
CONF
$node->start;

sub sql { my ($statement, $database) = @_; return $node->safe_psql($database // 'postgres', $statement); }
sub wait_for { my ($query, $what, $database) = @_; ok($node->poll_query_until($database // 'postgres', $query), $what); }

# A shop in a database: its tables belong to a role that cannot log in.
sub make_shop
{
	my ($database, @tables) = @_;
	sql('CREATE EXTENSION footfall; CREATE SCHEMA shop AUTHORIZATION shop', $database);
	configure_shop($database, $_) foreach @tables;
}

sub configure_shop
{
	my ($database, $table) = @_;
	sql(<<SQL, $database);
SET ROLE shop;
CREATE TABLE shop.$table (ts timestamptz NOT NULL, id bigint NOT NULL, v text) PARTITION BY RANGE (ts);
BEGIN;
SELECT footfall.configure('shop.$table', time_column => 'ts', partition_interval => '1 day', premake => 1, seal_after => '1 hour',
    compact_after => '1 day', retain => '1000 days');
INSERT INTO shop.$table SELECT date_trunc('day', now()) - interval '5 days' + i * interval '1 minute', i, md5(i::text) FROM generate_series(0, 4999) i;
COMMIT;
SQL
}

# Six rounds: 500 late rows for the table, into the days that `days` says, and the worker that `worker` finds is killed
# a while later. Returns how many rows there are.
sub kill_workers
{
	my ($table, $days, $worker, $most_ms, $name) = @_;
	my $base = 5000;
	foreach my $round (1 .. 6)
	{
		my ($from, $to) = ($base, $base + 499);
		my $day = $days =~ s/ROUND/$round/r;
		sql("INSERT INTO $table SELECT date_trunc('day', now()) - ($day) * interval '1 day' + i * interval '1 second', i, 'late' FROM generate_series($from, $to) i;
			UPDATE footfall.job SET next_start = '-infinity' WHERE relation = '$table'::regclass");
		$base += 500;
		my $pid = '';
		for (my $tries = 0; $tries < 300 && $pid eq ''; $tries++)
		{
			usleep(10_000);
			$pid = sql($worker);
		}
		usleep(1000 * int(rand($most_ms)));
		if ($round % 3 == 0)
		{
			# The server restarts, and the launcher with it.
			kill 'KILL', $pid if $pid ne '';
			$node->poll_query_until('postgres', 'SELECT true') or die 'no recovery';
			usleep(200_000);
			$node->poll_query_until('postgres', 'SELECT true') or die 'no recovery';
		}
		elsif ($pid ne '')
		{
			sql("SELECT pg_terminate_backend($pid)");
		}
		is(sql("SELECT count(*), count(DISTINCT id), min(id), max(id) FROM $table"), "$base|$base|0|" . ($base - 1), "$name$round: every row once");
	}
	return $base;
}

# What docs/operations/alert.sql finds.
sub alerts
{
	return sql(slurp_file('operations/alert.sql'));
}

sub all_done
{
	my ($tables) = @_;
	return "SELECT count(*) = 4 * $tables AND bool_and(state = 'done') FROM footfall.jobs";
}

sql('CREATE ROLE shop NOLOGIN');
wait_for("SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'footfall launcher' AND datid IS NULL", 'the launcher is there, in no database');

# Configured, committed, run.
make_shop('postgres', 'events');
wait_for(all_done(1), 'configuring is enough');
# A second worker may seal while the first still moves strays: it leaves what is in use to its next run.
is(sql("SELECT job, CASE job WHEN 'partitions' THEN rows END, rows BETWEEN 0 AND 5000 FROM footfall.job_history WHERE job IN ('partitions', 'seal') ORDER BY 1"),
	"partitions|5000|t\nseal||t", 'all of it was worked on');
is(sql("SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relname LIKE 'events%'"), 'shop', 'as the owner');
is(sql("SELECT count(*), sum(id) FROM shop.events"), '5000|12497500', 'every row once');
is(sql("SELECT count(*) FROM pg_class WHERE relname LIKE 'events_p%'"), '6', 'today, tomorrow, and four days of strays');
wait_for("SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'footfall worker'", 'and the worker has gone');

# What is due later is run then, not after the hour.
my $runs = sql("SELECT count(*) FROM footfall.job_history WHERE job = 'seal'");
sql("UPDATE footfall.job SET next_start = now() + interval '2 seconds' WHERE job = 'seal'; SELECT footfall.configure('shop.events', premake => 2)");
wait_for("SELECT count(*) > $runs FROM footfall.job_history WHERE job = 'seal'", 'a job runs when it is due');
is(sql("SELECT state FROM footfall.jobs WHERE job = 'seal'"), 'done', 'and is done');

# A restore in progress: settings without records, rows that are too old, and others that are not there yet. Workers make
# partitions and drop nothing for a day; what configure set is dropped at once.
sql('CREATE DATABASE restored');
sql(<<'SQL', 'restored');
CREATE EXTENSION footfall;
CREATE SCHEMA shop AUTHORIZATION shop;
SET ROLE shop;
CREATE TABLE shop.events (ts timestamptz NOT NULL, id bigint NOT NULL) PARTITION BY RANGE (ts);
CREATE TABLE shop.events_old PARTITION OF shop.events FOR VALUES FROM ('2019-01-01') TO ('2019-02-01') USING footfall;
CREATE TABLE shop.events_new PARTITION OF shop.events FOR VALUES FROM ('2019-02-01') TO ('2099-01-01') USING footfall;
CREATE TABLE shop.configured (LIKE shop.events) PARTITION BY RANGE (ts);
CREATE TABLE shop.configured_old PARTITION OF shop.configured FOR VALUES FROM ('2019-01-01') TO ('2019-02-01') USING footfall;
INSERT INTO shop.events VALUES ('2019-01-15', 1), (now(), 2);
INSERT INTO shop.configured VALUES ('2019-01-15', 1);
RESET ROLE;
INSERT INTO footfall.setting VALUES ('shop.events', 'time_column', 'ts'), ('shop.events', 'partition_interval', '1 day'),
    ('shop.events', 'retain', '10 days');
BEGIN;
SELECT footfall.configure('shop.configured', time_column => 'ts', partition_interval => '1 day', retain => '10 days');
INSERT INTO shop.configured VALUES (now(), 2);
COMMIT;
SQL
wait_for("SELECT count(*) = 2 AND bool_and(state = CASE relation WHEN 'shop.events'::regclass THEN 'waiting' ELSE 'done' END) FROM footfall.jobs WHERE job = 'retain'",
	'a restored table waits, a configured one does not', 'restored');
is(sql("SELECT next_start - now() BETWEEN '23 hours' AND '1 day', last_started IS NULL, attempts FROM footfall.jobs
	WHERE relation = 'shop.events'::regclass AND job = 'retain'", 'restored'), 't|t|0', 'for a day');
is(sql("SELECT string_agg(id::text, ',' ORDER BY id) FROM shop.events", 'restored'), '1,2', 'nothing is dropped');
is(sql("SELECT string_agg(id::text, ',' ORDER BY id) FROM shop.configured", 'restored'), '2', 'there it is');
sql("CALL footfall.retain('shop.events')", 'restored');
is(sql("SELECT string_agg(id::text, ',' ORDER BY id) FROM shop.events", 'restored'), '2', 'whoever asks does not wait');
sql("UPDATE footfall.job SET started = '-infinity', finished = NULL, next_start = '-infinity' WHERE job = 'retain';
	SELECT footfall.configure('shop.configured', premake => 2)", 'restored');
wait_for("SELECT bool_and(state = 'done') AND count(*) = 4 FROM footfall.jobs", 'the day over, it runs', 'restored');
is(sql("SELECT count(*) FROM footfall.job_history WHERE error IS NOT NULL", 'restored'), '0', 'and no run is missed that never was');
wait_for("SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'footfall worker'", 'and the worker has gone');
sql('DROP DATABASE restored');

# Rolled back: nobody comes. Without the extension, nothing happens. Another database has its own.
my $log = -s $node->logfile;
sql("BEGIN; SELECT footfall.configure('shop.events', premake => 3); ROLLBACK");
sql('CREATE DATABASE plain');
sql('CREATE DATABASE other');
make_shop('other', 'a', 'b');
wait_for(all_done(2), 'another database', 'other');

# Two tables at once, and never more than the limit.
$node->append_conf('postgresql.conf', "footfall.failpoint = 'job_after_attempt:sleep'\n");
$node->reload;
sql("UPDATE footfall.job SET next_start = '-infinity'; SELECT footfall.configure('shop.a', premake => 1)", 'other');
wait_for("SELECT count(DISTINCT relation) = 2 FROM footfall.jobs WHERE state = 'running'", 'two tables at once', 'other');
wait_for(q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'footfall worker' AND application_name = 'footfall worker'
	AND query ~ '^footfall: job "\w+" of table "\w+"$'}, 'pg_stat_activity says what they do');
my $most = 0;
foreach my $i (1 .. 20)
{
	my $workers = sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'footfall worker'");
	$most = $workers if $workers > $most;
	usleep(50_000);
}
is($most, 2, 'no more than footfall.max_workers');
wait_for(all_done(2), 'all of it gets done', 'other');

# A worker that is ended: its job is recorded as interrupted and comes again; the launcher is there again when it is ended.
sql("UPDATE footfall.job SET next_start = '-infinity' WHERE job = 'seal'; SELECT footfall.configure('shop.events', premake => 2)");
wait_for("SELECT count(pg_terminate_backend(pid)) = 1 FROM footfall.jobs WHERE state = 'running' AND job = 'seal'", 'a worker is ended');
wait_for("SELECT count(*) = 0 FROM footfall.jobs WHERE state = 'running'", 'it goes');
is(sql("SELECT state, attempts, next_start - last_started FROM footfall.jobs WHERE job = 'seal'"), 'interrupted|1|00:00:30', 'its job comes again in 30 seconds');
like(alerts(), qr/^shop\.events\|seal\|interrupted\|1\|/m, 'which the alert query tells');
my $launcher = sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'footfall launcher'");
sql("SELECT pg_terminate_backend($launcher)");
wait_for("SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'footfall launcher' AND pid <> $launcher", 'the launcher comes again');
# Cancelled is failed, the others go on.
sql("UPDATE footfall.job SET next_start = '-infinity' WHERE job = 'seal'; SELECT footfall.configure('shop.events', premake => 2)");
wait_for("SELECT count(pg_cancel_backend(pid)) = 1 FROM footfall.jobs WHERE state = 'running' AND job = 'seal'", 'a job is cancelled');
wait_for("SELECT state = 'failed' AND error ~ 'canceling' FROM footfall.jobs WHERE job = 'seal'", 'it has failed');

# A database is dropped, renamed, copied while a worker is at it.
# Two workers have eight seconds' work there; DROP DATABASE by itself waits for five.
configure_shop('other', $_) foreach qw(c d);
wait_for(all_done(4), 'more tables', 'other');
wait_for("SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'footfall worker'", 'quiet');
sub busy
{
	my ($database) = @_;
	# A worker may be writing its job's row at the moment: then it is at work, which is what is wanted.
	my ($status, $stdout, $stderr) = $node->psql($database, "UPDATE footfall.job SET next_start = '-infinity'");
	die $stderr if $status && $stderr !~ /concurrent update/;
	sql("SELECT footfall.configure('shop.a', premake => 1)", $database);
	wait_for("SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'footfall worker' AND datname = '$database'", "$database is being worked on");
}
busy('other');
# Not by somebody who may not drop it.
sql('CREATE ROLE stranger LOGIN');
my ($status, $stdout, $stderr) = $node->psql('postgres', 'SET ROLE stranger; DROP DATABASE other');
like($stderr, qr/must be owner of database other/, 'a stranger may not');
is(sql("SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'footfall worker' AND datname = 'other'"), 't', 'and ends no worker');
sql('CREATE DATABASE copied TEMPLATE other');
busy('copied');
sql('ALTER DATABASE copied RENAME TO renamed');
busy('renamed');
busy('other');
sql('DROP DATABASE other');
is(sql("SELECT count(*) FROM pg_database WHERE datname = 'other'"), '0', 'dropped while its worker was at it');
busy('renamed');
sql('DROP DATABASE renamed WITH (FORCE)');
$node->append_conf('postgresql.conf', "footfall.failpoint = ''\nfootfall.launcher_interval = '1s'\n");
$node->reload;

# A superuser's table only when asked to.
($status, $stdout, $stderr) = $node->psql('postgres', "CREATE TABLE mine (ts timestamptz) USING footfall;
	SELECT footfall.configure('mine', time_column => 'ts', seal_after => '1 hour')");
like($stderr, qr/background workers will not run the jobs of "mine": a superuser owns it/, 'said when it is configured');
wait_for("SELECT state = 'failed' AND error ~ 'background workers do not run jobs as superuser' FROM footfall.jobs WHERE relation = 'mine'::regclass", 'not run');
$node->append_conf('postgresql.conf', "footfall.superuser_jobs = on\n");
$node->reload;
sql("UPDATE footfall.job SET next_start = '-infinity' WHERE relation = 'mine'::regclass");
wait_for("SELECT state = 'done' FROM footfall.jobs WHERE relation = 'mine'::regclass", 'run when allowed');

# Outside the maintenance window what can wait does.
sql("SELECT footfall.configure('shop.events', maintenance_window => to_char(now() + '11 hours', 'HH24:MI') || '-' || to_char(now() + '13 hours', 'HH24:MI'));
	UPDATE footfall.job SET next_start = '-infinity' WHERE relation = 'shop.events'::regclass");
wait_for("SELECT bool_and(state = 'done' AND next_start > now()) FROM footfall.jobs WHERE relation = 'shop.events'::regclass AND job IN ('partitions', 'seal')", 'what cannot wait runs');
is(sql("SELECT bool_and(next_start = '-infinity') FROM footfall.jobs WHERE relation = 'shop.events'::regclass AND job IN ('compact', 'retain')"), 't', 'the others wait');
sql("SELECT footfall.configure('shop.events', maintenance_window => to_char(now() - '1 hour'::interval, 'HH24:MI') || '-' || to_char(now() + '1 hour', 'HH24:MI'))");
wait_for("SELECT bool_and(next_start > now()) FROM footfall.jobs WHERE relation = 'shop.events'::regclass", 'until it opens');

# No workers when there are to be none.
$node->append_conf('postgresql.conf', "footfall.max_workers = 0\n");
$node->reload;
wait_for("SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'footfall worker'", 'the last one goes');
sql("UPDATE footfall.job SET next_start = '-infinity'");
usleep(2_500_000);
is(sql("SELECT count(*) FROM footfall.job WHERE next_start > '-infinity'"), '0', 'max_workers = 0: nothing runs');
$node->append_conf('postgresql.conf', "footfall.max_workers = 2\n");
$node->reload;
wait_for("SELECT bool_and(next_start > now()) FROM footfall.jobs", 'and again');

# Killed at any time, with a table that is being written: every row once, and the jobs end well.
sql('CREATE TABLE acknowledged (id bigint)');
configure_shop('postgres', 'killed');
my $base = kill_workers('shop.killed', 'ROUND + 5', "SELECT min(pid) FROM pg_stat_activity WHERE backend_type = 'footfall worker' AND datname = 'postgres'", 60, 'round ');
sql("UPDATE footfall.job SET next_start = '-infinity' WHERE relation = 'shop.killed'::regclass; SELECT footfall.configure('shop.killed', premake => 1)");
wait_for("SELECT bool_and(state = 'done' AND next_start > now()) FROM footfall.jobs WHERE relation = 'shop.killed'::regclass", 'its jobs end well');
is(sql("SELECT count(*) FROM shop.killed_default"), '0', 'no stray is left');
is(sql("SELECT count(*) FROM footfall.verify('shop.killed')"), '0', 'verified');
is(sql("SELECT count(*), count(DISTINCT id) FROM shop.killed"), "$base|$base", 'every row once');

# The archive: two tables at once, of an owner that cannot log in, and workers killed at any time.
my $lake = $node->basedir . '/lake';
mkdir $lake or die "cannot make $lake: $!";
sql("GRANT pg_read_server_files, pg_write_server_files TO shop;
	CREATE SERVER lake FOREIGN DATA WRAPPER footfall_archive OPTIONS (location 'file://$lake'); GRANT USAGE ON FOREIGN SERVER lake TO shop");
# Both are due before there is a worker: the first one to come would otherwise have begun, or be through, before the other.
$node->append_conf('postgresql.conf', "footfall.failpoint = 'archive_after_plan:sleep'\nfootfall.max_workers = 0\n");
$node->reload;
wait_for("SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'footfall worker'", 'no worker yet');
configure_shop('postgres', $_) foreach qw(first second);
sql("SET ROLE shop; SELECT footfall.configure('shop.$_', archive_to => 'lake', archive_after => '1 day')") foreach qw(first second);
$node->append_conf('postgresql.conf', "footfall.max_workers = 2\n");
$node->reload;
wait_for("SELECT count(*) = 2 FROM footfall.jobs WHERE state = 'running' AND job = 'archive'", 'two tables are archived at once');
$node->append_conf('postgresql.conf', "footfall.failpoint = ''\n");
$node->reload;
my $archived = "SELECT count(*) = 2 AND bool_and(state = 'done') FROM footfall.jobs WHERE job = 'archive'";
wait_for($archived, 'and both get done');
my $cold = "SELECT relation::text, count(DISTINCT t), sum(cold_rows) > 3000 FROM (SELECT partition_of AS relation, relation AS t, cold_rows FROM footfall.tables WHERE cold_rows > 0) x GROUP BY 1 ORDER BY 1";
is(sql($cold), "shop.first|4|t\nshop.second|4|t", 'what has ended is cold');
is(sql("SELECT count(*), sum(id) FROM shop.$_"), '5000|12497500', 'every row once') foreach qw(first second);
$base = kill_workers('shop.first', '(ROUND + i) % 4 + 2',
	"SELECT min(pid) FROM footfall.jobs WHERE relation = 'shop.first'::regclass AND state = 'running' AND job = 'archive'", 160, 'archiving, round ');
sql("UPDATE footfall.job SET next_start = '-infinity' WHERE relation = 'shop.first'::regclass; SELECT footfall.configure('shop.first', premake => 1)");
wait_for("SELECT bool_and(state = 'done' AND next_start > now()) FROM footfall.jobs WHERE relation = 'shop.first'::regclass", 'its jobs end well');
is(sql("SELECT count(*) FROM footfall.archive_objects WHERE state NOT IN ('switched', 'leaving')"), '0', 'no object is unfinished');
is(sql("SELECT count(*) FROM footfall.verify('shop.first')"), '0', 'verified');
is(sql("SELECT sum(hot_rows + sealed_rows) < 2500, sum(hot_rows + sealed_rows + cold_rows) FROM footfall.storage('shop.first')"), "t|$base", 'what has ended is cold again');

# A database that is dropped while a worker archives one of its tables.
sql('CREATE DATABASE archiving');
make_shop('archiving', 'a');
sql("CREATE SERVER lake FOREIGN DATA WRAPPER footfall_archive OPTIONS (location 'file://$lake'); GRANT USAGE ON FOREIGN SERVER lake TO shop", 'archiving');
$node->append_conf('postgresql.conf', "footfall.failpoint = 'archive_after_upload:sleep'\n");
$node->reload;
sql("SET ROLE shop; SELECT footfall.configure('shop.a', archive_to => 'lake', archive_after => '1 day')", 'archiving');
wait_for("SELECT count(*) = 1 FROM footfall.jobs WHERE state = 'running' AND job = 'archive'", 'it is being archived', 'archiving');
sql('DROP DATABASE archiving');
is(sql("SELECT count(*) FROM pg_database WHERE datname = 'archiving'"), '0', 'dropped while it was being archived');
$node->append_conf('postgresql.conf', "footfall.failpoint = ''\n");
$node->reload;

# All is well; a table whose jobs nobody runs is not.
wait_for("SELECT bool_and(state = 'done') FROM footfall.jobs", 'all jobs are done');
is(alerts(), '', 'nothing to tell');
sql("SET ROLE shop; BEGIN; CREATE TABLE shop.idle (ts timestamptz NOT NULL) PARTITION BY RANGE (ts);
	SELECT footfall.configure('shop.idle', time_column => 'ts', partition_interval => '1 day'); COMMIT");
$node->append_conf('postgresql.conf', "footfall.max_workers = 0\n");
$node->reload;
wait_for("SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'footfall worker'", 'no worker');
sql("DELETE FROM footfall.job WHERE relation = 'shop.idle'::regclass");
is(alerts(), 'shop.idle|partitions|never run|0||', 'a table nobody looks after');
# An object that was begun, and one that nobody removes.
sql("UPDATE footfall.archive_object SET state = 'planned', changed_at = now() - interval '25 hours' WHERE id = (SELECT min(id) FROM footfall.archive_object WHERE state = 'switched')");
like(alerts(), qr/^shop\.\w+\|archive\|planned\|\d+\|\|object shop\S* on server lake since/m, 'an archiving that does not end') or diag(alerts());
sql("UPDATE footfall.archive_object SET state = 'leaving', changed_at = now() - interval '8 days' WHERE state = 'planned'");
is(alerts(), 'shop.idle|partitions|never run|0||', 'what has left is there for a while');
sql("UPDATE footfall.archive_object SET changed_at = now() - interval '10 days' WHERE state = 'leaving'");
like(alerts(), qr/^shop\.\w+\|archive\|leaving\|\d+\|\|/m, 'and then not');
sql("UPDATE footfall.archive_object SET state = 'switched', changed_at = now() WHERE changed_at < now() - interval '9 days'");
$node->append_conf('postgresql.conf', "footfall.max_workers = 2\n");
$node->reload;
wait_for("SELECT count(*) = 1 FROM footfall.jobs WHERE relation = 'shop.idle'::regclass AND state = 'done'", 'until somebody does');
# The queries for Prometheus give what they announce.
my $yaml = slurp_file('operations/prometheus_queries.yaml');
my $queries = 0;
while ($yaml =~ /^(\w+):\n  query: \|\n((?:    .*\n)+)  metrics:\n((?:    - .*\n)+)/mg)
{
	my ($name, $query, $metrics) = ($1, $2, $3);
	my $announced = join(',', sort($metrics =~ /^    - (\w+):/mg));
	is(sql("SELECT string_agg(DISTINCT key, ',' ORDER BY key) FROM ($query) q, jsonb_object_keys(to_jsonb(q)) key"), $announced, "Prometheus: $name");
	$queries++;
}
is($queries, 3, 'all of them');

# A standby has no launcher; promoted, it does the work.
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('promoted');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ '^footfall'"), '0', 'nobody on a standby');

# A server stops while its worker works.
$node->append_conf('postgresql.conf', "footfall.failpoint = 'job_after_attempt:sleep'\n");
$node->reload;
sql("UPDATE footfall.job SET next_start = '-infinity'; SELECT footfall.configure('shop.events', premake => 2)");
wait_for("SELECT count(*) > 0 FROM footfall.jobs WHERE state = 'running'", 'at work');
$node->stop('fast');
unlike(slurp_file($node->logfile, $log), qr/PANIC|TRAP|could not find|does not exist: database/, 'nothing untoward in the log');
$standby->promote;
ok($standby->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'footfall launcher'"), 'promoted: the launcher starts');
$standby->safe_psql('postgres', "UPDATE footfall.job SET next_start = '-infinity'");
ok($standby->poll_query_until('postgres', 'SELECT bool_and(next_start > now()) FROM footfall.jobs'), 'and jobs run');
$standby->stop;
done_testing();
