# A session that looks rows up remembers where their bytes are (chunk_locator): every answer stays right when they move.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('look_up');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\nclient_min_messages = warning\n");
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }

sql("CREATE EXTENSION footfall;
	CREATE TABLE h (customer int, n int, a text, b float8);
	CREATE TABLE t (LIKE h) USING footfall;
	SELECT footfall.configure('t', order_by => ARRAY['customer', 'n']);
	INSERT INTO h SELECT i % 20000, i, md5(i::text), sqrt(i) FROM generate_series(1, 300000) i;
	INSERT INTO t SELECT * FROM h");
sql("CALL footfall.seal('t')");
sql("CALL footfall.compact('t')");

sql('ANALYZE');

my $session = $node->background_psql('postgres', on_error_stop => 0);
$session->query('SET max_parallel_workers_per_gather = 0');
my @customers = map { $_ * 1999 } 0 .. 10;

sub answers
{
	my ($table) = @_;
	return join("\n", map { $session->query("SELECT * FROM $table WHERE customer = $_ ORDER BY n") } @customers);
}

sub compare
{
	my ($title) = @_;
	is(answers('t'), answers('h'), $title);
	is(answers('t'), answers('h'), "$title, again");
}

like($session->query('EXPLAIN SELECT * FROM t WHERE customer = 5'), qr/FootfallScan/, 'look-ups prune');
compare('compacted');
sql("DELETE FROM $_ WHERE n % 7 = 0") for qw(h t);
compare('with deleted rows');
sql('VACUUM FULL t');
compare('after VACUUM FULL, which moves every chunk under its old id');
sql("CALL footfall.compact('t')");
sql('VACUUM t');
compare('after compact and vacuum, which put other values there');
sql("DELETE FROM $_ WHERE customer > 4000") for qw(h t);
sql("CALL footfall.compact('t')");
sql('VACUUM t');
compare('after the end of the TOAST relation was cut off');
sql('TRUNCATE t; INSERT INTO t SELECT * FROM h');
sql("CALL footfall.seal('t')");
compare('after TRUNCATE and a load');
$session->quit;

$node->stop;
done_testing();
