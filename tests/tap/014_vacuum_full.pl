# VACUUM FULL of a table whose deleted segments become dead to everyone, and are pruned, while it copies them.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('vacuum_full');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\nclient_min_messages = warning\n");
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }

sql("CREATE EXTENSION footfall;
	CREATE TABLE other (i int);
	CREATE TABLE t (id int, v text) USING footfall");
for my $part (0 .. 2)
{
	sql("INSERT INTO t SELECT i, md5(i::text) || md5((-i)::text) FROM generate_series($part * 20000 + 1, $part * 20000 + 20000) i");
	sql("CALL footfall.seal('t')");
}
is(sql('SELECT count(*) FROM footfall.segments'), '3', 'segments to delete');

# A snapshot that still sees the segments, of a session that holds no lock of the table.
my $reader = $node->background_psql('postgres', on_error_stop => 0);
$reader->query('BEGIN ISOLATION LEVEL REPEATABLE READ');
$reader->query('SELECT count(*) FROM other');
sql("BEGIN; CALL footfall.compact('t'); COMMIT");

# What makes every session read the catalogs again, and so take a new snapshot and look at the horizon of pruning anew:
# more invalidations than the queue holds, sent at once by COMMIT.
my $definer = $node->background_psql('postgres', on_error_stop => 0);
$definer->query('BEGIN');
$definer->query("DO \$\$ BEGIN FOR i IN 1 .. 400 LOOP CREATE TABLE passing (a int); DROP TABLE passing; END LOOP; END \$\$");

# It finds the first segment's chunks and sleeps a second before it writes them. Meanwhile the snapshot ends.
my ($out, $err) = ('', '');
my $vacuum = $node->background_psql('postgres', on_error_stop => 0);
$vacuum->query("SET footfall.failpoint = 'vacuum_full_after_values:sleep'");
$vacuum->{stdin} .= "VACUUM FULL t;\n\\echo finished\n";
$vacuum->{run}->pump_nb;
$node->poll_query_until('postgres',
	"SELECT count(*) > 0 FROM pg_locks WHERE relation = 't'::regclass AND mode = 'AccessExclusiveLock' AND granted")
  or die 'VACUUM FULL does not begin';
select(undef, undef, undef, 0.2);
$reader->query('COMMIT');
$definer->query('COMMIT');
$vacuum->query_until(qr/finished/, '');
unlike($vacuum->{stderr} // '', qr/ERROR/, 'VACUUM FULL ends');
is(sql('SELECT count(*), sum(id), count(*) FILTER (WHERE v <> md5(id::text) || md5((-id)::text)) FROM t'),
	'60000|1800030000|0', 'every row');
is(sql("SELECT count(*) FROM footfall.verify('t')"), '0', 'verified');
$vacuum->quit;
$reader->quit;
$definer->quit;
$node->stop;
done_testing();
