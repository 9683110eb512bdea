# Damaged storage is an error with a name (XX001), found by a query that reads it and by footfall.verify; it is never a
# crash, and never a wrong row.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('damage');
# Page checksums would find it first.
$node->init(extra => $ENV{FOOTFALL_PG_VERSION} >= 18 ? ['--no-data-checksums'] : []);
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION footfall;
CREATE TABLE t (a int, b text, c double precision) USING footfall;
INSERT INTO t SELECT i, md5(i::text), sin(i) FROM generate_series(1, 20000) i;
CALL footfall.seal('t');
VACUUM t;
CREATE TABLE copy AS SELECT * FROM t;
CHECKPOINT;
SQL
my $path = $node->data_dir . '/' . $node->safe_psql('postgres',
	"SELECT pg_relation_filepath(reltoastrelid) FROM pg_class WHERE relname = 't'");
$node->stop;
my $size = -s $path;
ok($size > 8192 * 20, 'the segment has pages to damage');
open(my $in, '<:raw', $path) or die "cannot read $path: $!";
my $whole = do { local $/; <$in> };
close $in;

# Bytes in the middle of pages hold chunk data: page headers and line pointers stand at a page's start.
my ($found, $wrong, $verified, $tried) = (0, 0, 0, 0);
my %states;
srand(7);
for my $try (1 .. 12)
{
	my $damaged = $whole;
	my $page = int(rand($size / 8192));
	my $at = $page * 8192 + 3000 + int(rand(4500));
	substr($damaged, $at, 1) = chr(ord(substr($damaged, $at, 1)) ^ (1 << int(rand(8))));
	open(my $out, '>:raw', $path) or die "cannot write $path: $!";
	print $out $damaged;
	close $out;
	$node->start;
	my ($status, $stdout, $stderr) = $node->psql('postgres',
		"\\set VERBOSITY sqlstate\nSELECT count(*) FROM (SELECT t::text FROM t EXCEPT ALL SELECT k::text FROM copy k) x");
	$tried++;
	if ($stderr =~ /ERROR:\s+(\w+)/) { $found++; $states{$1}++; }
	elsif ($stdout ne '0') { $wrong++; }
	my ($verify_status, $verify_out, $verify_err) = $node->psql('postgres',
		"\\set VERBOSITY sqlstate\nSELECT count(*) FROM footfall.verify('t')");
	$verified++ if $verify_err =~ /ERROR:\s+XX001/ || $verify_out gt '0';
	$node->stop;
}
is($wrong, 0, 'no damage gave a wrong row');
is($found, $tried, 'every damage was an error of the query');
is_deeply([ keys %states ], ['XX001'], 'SQLSTATE XX001');
is($verified, $tried, 'footfall.verify finds every damage');

open(my $out, '>:raw', $path) or die "cannot write $path: $!";
print $out $whole;
close $out;
$node->start;
is($node->safe_psql('postgres', 'SELECT count(*) FROM (SELECT t::text FROM t EXCEPT ALL SELECT k::text FROM copy k) x'), '0',
	'mended, it is whole again');
ok(!$node->log_contains('terminated by signal'), 'no process crashed');
$node->stop;

done_testing();
