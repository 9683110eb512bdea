# Jobs of managed tables driven by pg_cron (Debian's, for PostgreSQL 15), which connects as a client or starts a background
# process; footfall is not preloaded.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $share = `pg_config --sharedir`;
chomp $share;
plan skip_all => 'pg_cron is not there' if !-e "$share/extension/pg_cron.control";

# Both wait for the same minute.
my %nodes;
foreach my $mode (qw(client background))
{
	my $node = $nodes{$mode} = PostgreSQL::Test::Cluster->new("cron_$mode");
	$node->init;
	my $background = $mode eq 'background' ? 'on' : 'off';
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_cron'\ncron.database_name = 'postgres'\n"
		. "cron.use_background_workers = $background\ncron.host = '" . $node->host . "'\ntimezone = 'UTC'\n");
	$node->start;
	$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pg_cron;
CREATE EXTENSION footfall;
CREATE ROLE shop NOLOGIN;
CREATE ROLE keeper LOGIN IN ROLE shop;
GRANT USAGE ON SCHEMA cron TO keeper;
CREATE SCHEMA shop AUTHORIZATION shop;
SET ROLE shop;
CREATE TABLE shop.events (ts timestamptz NOT NULL, id bigint NOT NULL) PARTITION BY RANGE (ts);
SELECT footfall.configure('shop.events', time_column => 'ts', partition_interval => '1 day', premake => 1, seal_after => '1 hour',
    compact_after => '1 day', retain => '10 days');
INSERT INTO shop.events SELECT date_trunc('day', now()) - interval '5 days' + i * interval '1 minute', i FROM generate_series(0, 4999) i;
RESET ROLE;
SET SESSION AUTHORIZATION keeper;
SELECT cron.schedule('footfall', '* * * * *', 'CALL footfall.run_jobs()');
SQL
}
foreach my $mode (sort keys %nodes)
{
	my $node = $nodes{$mode};
	ok($node->poll_query_until('postgres', "SELECT count(*) = 4 AND bool_and(state = 'done') FROM footfall.jobs"), "$mode: all jobs ran");
	is($node->safe_psql('postgres', "SELECT job, rows, error FROM footfall.job_history WHERE job IN ('partitions', 'seal') ORDER BY 1, started LIMIT 2"),
		"partitions|5000|\nseal|5000|", "$mode: and did their work");
	ok($node->poll_query_until('postgres', "SELECT status = 'succeeded' FROM cron.job_run_details ORDER BY runid LIMIT 1"), "$mode: pg_cron says so");
	is($node->safe_psql('postgres', 'SELECT count(*), sum(id) FROM shop.events'), '5000|12497500', "$mode: every row once");
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ '^footfall'"), '0', "$mode: without workers of footfall's");
	is($node->safe_psql('postgres', "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relname LIKE 'events%'"), 'shop', "$mode: as the owner");
	$node->stop;
}
done_testing();
