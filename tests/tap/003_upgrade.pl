# pg_upgrade from PostgreSQL 15: every row, segment and setting is there, and goes on working.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Footfall::Tables;

my $version = $ENV{FOOTFALL_PG_VERSION};
plan skip_all => "upgrades to PostgreSQL $version from 15 are tested when it is newer" if $version <= 15;
my $old_bin = $ENV{FOOTFALL_BINDIR_15} or plan skip_all => 'PostgreSQL 15 is not among the tested versions';
my $new_bin = $ENV{"FOOTFALL_BINDIR_$version"};

(my $old_tree = $old_bin) =~ s{/bin$}{};
my $old = PostgreSQL::Test::Cluster->new('old', install_path => $old_tree);
$old->init(extra => ['--encoding=UTF8']);
$old->start;
make_tables($old, 'postgres');
change_tables($old, 'postgres', $_) for 1 .. 2;
$old->safe_psql('postgres', "SELECT footfall.configure('events', time_column => 'at', customer_column => 'customer')");
my $rows = digest($old, 'postgres');
my $stored = 'SELECT relation, segment, rows, deleted_rows, level, raw_bytes FROM footfall.segments ORDER BY relation::text, segment';
my $segments = $old->safe_psql('postgres', $stored);
my $settings = $old->safe_psql('postgres', 'SELECT * FROM footfall.settings ORDER BY relation::text, setting');
isnt($segments, '', 'there are segments to upgrade');
# Releases of 15 from 15.20 on number a table's columns in an option (pg_attver) that older releases of later versions
# refuse, for a heap as for any table; without it columns are as they were before 15.20.
$old->safe_psql('postgres', <<'SQL');
SET allow_system_table_mods = on;
UPDATE pg_attribute SET attoptions = NULLIF(ARRAY(SELECT o FROM unnest(attoptions) o WHERE o NOT LIKE 'pg_attver=%'), '{}')
WHERE attoptions::text LIKE '%pg_attver=%';
SQL
$old->stop;

my $new = PostgreSQL::Test::Cluster->new('new');
# 18 makes checksums by default, 15 does not: both clusters must agree.
$new->init(extra => $version >= 18 ? [ '--encoding=UTF8', '--no-data-checksums' ] : ['--encoding=UTF8']);

chdir ${PostgreSQL::Test::Utils::tmp_check} or die "cannot chdir: $!";
command_ok(
	[
		"$new_bin/pg_upgrade", '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir, '-b', $old_bin, '-B', $new_bin,
		'-s', $new->host, '-p', $old->port, '-P', $new->port ],
	'pg_upgrade');
$new->start;

is(digest($new, 'postgres'), $rows, 'rows');
is($new->safe_psql('postgres', $stored), $segments, 'segments');
is($new->safe_psql('postgres', 'SELECT * FROM footfall.settings ORDER BY relation::text, setting'), $settings, 'settings');
is(verify_problems($new, 'postgres'), '', 'verify');
# A sketch that 15 made goes on counting in 18: a row that it has seen changes nothing.
is( $new->safe_psql('postgres', <<'SQL'), 't', 'sketches go on counting');
SELECT footfall.distinct_count(footfall.rollup(s)) = footfall.distinct_count((SELECT customers FROM sketches WHERE day = 'infinity'))
FROM (SELECT customers AS s FROM sketches WHERE day = 'infinity' UNION ALL SELECT footfall.hyperloglog(id) FROM events WHERE id <= 20000) x
SQL
change_tables($new, 'postgres', 3);
is(verify_problems($new, 'postgres'), '', 'verify after changes on the new version');
$new->command_ok([ 'vacuumdb', '--all', '--analyze-in-stages' ], 'analyzed');
is( $new->safe_psql('postgres', "ALTER TABLE mixed SET ACCESS METHOD heap; SELECT count(*) > 0 FROM mixed"),
	't', 'the way out is open');
$new->stop;

done_testing();
