# Rows in an archive (of files) are read as any others: under every kind of scan and snapshot, changed, dumped, with their
# table altered; what is damaged or missing is an error that names the object; the local cache spares requests.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('cold');
my $lake = $node->basedir . '/lake';
$node->init;
$node->append_conf('postgresql.conf',
	"autovacuum = off\ntimezone = 'UTC'\nfootfall.archive_cache_size = 0\nmax_prepared_transactions = 2\n"
	  . "shared_preload_libraries = 'footfall'\nfootfall.max_workers = 0\n");
$node->start;
mkdir $lake or die "cannot make $lake: $!";

sub sql { return $node->safe_psql('postgres', $_[0]); }

# SQLSTATE and text of a statement that fails.
sub failure
{
	my ($statement) = @_;
	my ($status, $stdout, $stderr) = $node->psql('postgres', "\\set VERBOSITY verbose\n$statement");
	return $stderr;
}

sub objects { return split /\n/, `find '$lake' -name 'part-*.parquet' | sort`; }

sql(<<SQL);
CREATE EXTENSION footfall;
CREATE SERVER lake FOREIGN DATA WRAPPER footfall_archive OPTIONS (location 'file://$lake');
CREATE TYPE mood AS ENUM ('low', 'high');
CREATE TABLE heap_rows (id bigint, customer int, kind text, amount numeric(10, 2), n numeric, at timestamptz, day date, f float8,
    u uuid, extra jsonb, j json, m mood, r tstzrange, a text[], bytes bytea, flag boolean, small int2, gone text, c char(5), t time,
    i interval);
INSERT INTO heap_rows SELECT i, i % 300, (ARRAY['view', 'cart', 'purchase', NULL])[1 + i % 4], i / 100.0, i * 1.10,
    '2026-01-01 00:00+00'::timestamptz + i * interval '1 minute', date '2026-01-01' + i % 30, i / 7.0, md5(i::text)::uuid,
    jsonb_build_object('n', i % 7), json_build_object('n', i % 5), CASE WHEN i % 2 = 0 THEN 'low' ELSE 'high' END::mood,
    tstzrange('2026-01-01 00:00+00', '2026-01-01 00:00+00'::timestamptz + i * interval '1 day'), ARRAY['x', NULL, i::text],
    decode(md5(i::text), 'hex'), i % 3 = 0, i % 100, 'gone', 'c' || i % 9, time '00:00' + i * interval '1 second',
    i * interval '1 hour'
FROM generate_series(1, 30000) i;
INSERT INTO heap_rows (id, f, n, amount, at, day) VALUES (-1, 'NaN', 'NaN', 'NaN', 'infinity', '-infinity'),
    (-2, '-Infinity', 'Infinity', 1, '-infinity', 'infinity'), (-3, NULL, NULL, NULL, '294276-01-01 00:00+00', '4713-01-01 BC');
CREATE TABLE cold_rows (LIKE heap_rows) USING footfall;
SELECT footfall.configure('cold_rows', order_by => ARRAY['customer', 'at']);
INSERT INTO cold_rows SELECT * FROM heap_rows WHERE id <= 20000;
CALL footfall.archive('cold_rows', 'lake');
ALTER TABLE cold_rows DROP COLUMN gone, ADD COLUMN late int DEFAULT 7;
ALTER TABLE heap_rows DROP COLUMN gone, ADD COLUMN late int DEFAULT 7;
INSERT INTO cold_rows SELECT * FROM heap_rows WHERE id > 20000;
CALL footfall.seal('cold_rows');
SQL

my $digest = "SELECT count(*), sum(id), sum(hashtextextended(x::text, 1)) FROM %s x";
my $cold_segments = "SELECT count(*) FILTER (WHERE archive_object IS NOT NULL), count(*) FILTER (WHERE archive_object IS NULL) "
  . "FROM footfall.segment WHERE storage = (SELECT reltoastrelid FROM pg_class WHERE relname = 'cold_rows')";

sub same
{
	my ($what) = @_;
	is(sql(sprintf($digest, 'cold_rows')), sql(sprintf($digest, 'heap_rows')), $what);
}

# An older snapshot reads the local copy, and goes on doing so; a new one reads the archive.
my $expected = sql(sprintf($digest, 'heap_rows'));
my $reader = $node->background_psql('postgres', on_error_stop => 0);
$reader->query("BEGIN ISOLATION LEVEL REPEATABLE READ");
is($reader->query(sprintf($digest, 'cold_rows')), $expected, 'before');
is(sql($cold_segments), '1|1', 'one segment is cold already, one local');
sql("CALL footfall.archive('cold_rows', 'lake')");
is(sql($cold_segments), '2|0', 'both are cold');
is($reader->query(sprintf($digest, 'cold_rows')), $expected, 'a snapshot from before the switch sees each row once');
same('rows of two layouts, of every type');
$reader->query('COMMIT');
is($reader->query(sprintf($digest, 'cold_rows')), $expected, 'and a later one');
is(sql("SELECT count(*) FROM footfall.verify('cold_rows')"), '0', 'verified');
sql("CALL footfall.compact('cold_rows')");
is(sql($cold_segments), '2|0', 'compaction gives the space back and leaves cold segments as they are');
cmp_ok(sql("SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE relname = 'cold_rows'"), '<', 500000,
	'only the indexes of the segments are local');

# Every way of reading.
for my $settings ('', 'SET footfall.enable_scan = off; SET footfall.enable_vectorized = off;', 'SET footfall.enable_vectorized = off;',
	'SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;')
{
	for my $query ('SELECT kind, count(*), sum(amount), max(at), count(DISTINCT customer) FROM %s GROUP BY 1 ORDER BY 1',
		"SELECT id, extra, a FROM %s WHERE customer = 17 AND kind = 'cart' ORDER BY id",
		"SELECT customer, count(*) FROM %s GROUP BY customer ORDER BY customer",
		"SELECT customer, id, row_number() OVER (PARTITION BY customer ORDER BY at, id) FROM %s WHERE id > 0 ORDER BY 1, 2")
	{
		is(sql($settings . sprintf($query, 'cold_rows')), sql($settings . sprintf($query, 'heap_rows')), "$settings$query");
	}
}
is(sql("BEGIN; DECLARE c SCROLL CURSOR FOR SELECT id FROM cold_rows; MOVE FORWARD ALL IN c; MOVE BACKWARD ALL IN c;
	FETCH 3 FROM c; COMMIT") =~ tr/\n//, 2, 'a cursor goes there and back');
is(sql("SELECT count(*) FROM cold_rows a JOIN cold_rows b ON a.ctid = b.ctid WHERE a.id = b.id"), '30003', 'rows are found by address');
my $ctid = sql("SELECT ctid FROM cold_rows WHERE id = 777");
is(sql("SELECT id FROM cold_rows WHERE ctid = '$ctid'"), '777', 'one of them');
cmp_ok(sql("SELECT count(*) FROM cold_rows TABLESAMPLE SYSTEM (50)"), '>', 0, 'sampled');
sql('ANALYZE cold_rows');
cmp_ok(sql("SELECT n_distinct FROM pg_stats WHERE tablename = 'cold_rows' AND attname = 'customer'"), '>=', 250, 'analyzed');
my $plan = sql("EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT sum(amount) FROM cold_rows WHERE kind = 'cart'");
like($plan, qr/Cold Segments Read: 2\n\s*Archived Columns Fetched: 4\n\s*Archived Columns Cached: 0\n\s*Archived Bytes Fetched: \d{6}/,
	'EXPLAIN shows what was fetched');
unlike($plan, qr/\Q$lake\E/, 'and not from where');

# Changes of cold rows, and rows that come late.
for my $table ('heap_rows', 'cold_rows')
{
	sql("DELETE FROM $table WHERE id % 10 = 3;
		UPDATE $table SET kind = 'changed', amount = amount + 1 WHERE id % 100 = 4;
		INSERT INTO $table (id, customer, at, kind) SELECT -i, i % 300, '2026-01-02', 'late' FROM generate_series(10, 3000) i;
		BEGIN; DELETE FROM $table WHERE id % 7 = 1; SAVEPOINT s; DELETE FROM $table; ROLLBACK TO s; COMMIT;
		BEGIN; DELETE FROM $table; ROLLBACK");
}
same('after deletes, updates and late rows');
sql("CALL footfall.seal('cold_rows'); CALL footfall.compact('cold_rows')");
is(sql($cold_segments), '2|1', 'late rows are sealed beside the cold segments');
same('after seal and compact');
is(sql("BEGIN; SELECT count(*) FROM (SELECT id FROM cold_rows WHERE customer = 5 FOR UPDATE) x; ROLLBACK"),
	sql("SELECT count(*) FROM heap_rows WHERE customer = 5"), 'locked');

# The table is altered under its cold rows.
for my $table ('heap_rows', 'cold_rows')
{
	sql("ALTER TABLE $table ADD COLUMN added text DEFAULT 'added', DROP COLUMN small;
		ALTER TABLE $table RENAME COLUMN kind TO sort; ALTER TABLE $table ADD COLUMN kind int DEFAULT 1");
}
same('columns added, dropped, renamed and named like another was');
sql('VACUUM FULL cold_rows');
is(sql($cold_segments), '2|1', 'VACUUM FULL leaves cold segments cold');
same('after VACUUM FULL');
is(sql("SELECT count(*) FROM footfall.verify('cold_rows')"), '0', 'verified again');
my ($dump, $dump_errors) = run_command([ 'pg_dump', '--data-only', '--inserts', '-t', 'cold_rows', '-d', $node->connstr('postgres') ]);
is(scalar(() = $dump =~ /^INSERT INTO/mg), sql('SELECT count(*) FROM heap_rows'), 'pg_dump dumps them');
my $jobs = $node->basedir . '/parallel.dump';
$node->command_ok([ 'pg_dump', '-Fd', '-j', '2', '-f', $jobs, '-d', $node->connstr('postgres') ], 'also in parallel');

# The owner's right to the server counts, not the reader's; who may not read the table is not let near it.
sql("CREATE ROLE analyst; GRANT SELECT ON cold_rows TO analyst; CREATE ROLE stranger");
is(sql("SET ROLE analyst; SELECT count(*) FROM cold_rows"), sql('SELECT count(*) FROM heap_rows'), 'anyone who may read the table');
like(failure("SET ROLE stranger; SELECT count(*) FROM cold_rows"), qr/42501/, 'nobody else');

# The cache: filled by the first reading, asked by the second, bounded, mended.
$node->append_conf('postgresql.conf', 'footfall.archive_cache_size = 64MB');
$node->reload;
my $fetching = "EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT sum(amount), min(u::text) FROM cold_rows";
like(sql($fetching), qr/Columns Fetched: 4\n\s*Archived Columns Cached: 0/, 'the first reading fetches');
like(sql($fetching), qr/Columns Fetched: 0\n\s*Archived Columns Cached: 4/, 'the second does not');
my $cache = $node->data_dir . '/base/pgsql_tmp/pgsql_tmp_footfall_columns';
my @files = glob("$cache/*");
is(scalar(@files), 4, 'a file a column and row group');
same('read through the cache');
same('and from it');
for my $file (glob("$cache/*"))
{
	open(my $out, '+<:raw', $file) or die "cannot open $file: $!";
	seek($out, (-s $file) / 2, 0);
	print $out "\xa5\x5a\xa5";
	close $out;
}
my $log = -s $node->logfile;
same('damaged files are fetched again');
like(slurp_file($node->logfile, $log), qr/pgsql_tmp_footfall_columns.* is damaged/, 'which the log tells');
$node->append_conf('postgresql.conf', 'footfall.archive_cache_size = 2MB');
$node->reload;
same('with a cache that does not hold all');
my $total = 0;
$total += -s $_ for glob("$cache/*");
cmp_ok($total, '<=', 2 * 1024 * 1024, 'the cache stays within its bound');
$node->append_conf('postgresql.conf', 'footfall.archive_cache_size = 64MB');
$node->reload;
same('filled anew');

# What is missing or altered is an error that names the object, not a wrong answer; what is pruned needs no object.
my @objects = objects();
cmp_ok(scalar(@objects), '>=', 2, 'objects of two layouts');
my ($name) = $objects[0] =~ m{(part-[^/]*)$};
rename($_, "$_.away") for @objects;
same('from the cache while the archive is away');
$node->append_conf('postgresql.conf', 'footfall.archive_cache_size = 0');
$node->reload;
my $missing = failure('SELECT sum(id) FROM cold_rows WHERE id > 0');
like($missing, qr/ERROR:  58030: .*part-[0-9a-f]+/s, 'missing objects: 58030') or diag($missing);
is(sql("SELECT count(*) FROM cold_rows WHERE customer = 1000"), '0', 'segments that the zone map rules out are not asked for');
is(sql("SELECT count(*) FROM cold_rows WHERE id = -10"), '1', 'rows beside them are there');
like(sql("SELECT string_agg(problem, ' ') FROM footfall.verify('cold_rows')"), qr/part-[0-9a-f]+/, 'verify names the missing objects');
rename("$_.away", $_) for @objects;
same('they are back');
for my $object (@objects)
{
	my $whole = slurp_file($object);
	my $altered = 0;
	my $noticed = 0;
	for my $at (map { int(length($whole) * $_ / 6) } 1 .. 5)
	{
		my $bytes = $whole;
		substr($bytes, $at, 4) = "\xff\x00\xff\x00";
		open(my $out, '>:raw', $object) or die "cannot write $object: $!";
		print $out $bytes;
		close $out;
		my ($status, $stdout, $stderr) = $node->psql('postgres', "\\set VERBOSITY verbose\n" . sprintf($digest, 'cold_rows'));
		$noticed++ if sql("SELECT count(*) FROM footfall.verify('cold_rows')") > 0;
		$altered++ if $stderr =~ /ERROR:  XX001/ || $stdout eq sql(sprintf($digest, 'heap_rows'));
	}
	is($noticed, 5, 'verify notices whatever is altered');
	is($altered, 5, 'an altered object is XX001, or the same rows');
	open(my $out, '>:raw', $object) or die "cannot write $object: $!";
	print $out substr($whole, 0, length($whole) - 10);
	close $out;
	like(failure(sprintf($digest, 'cold_rows')), qr/ERROR:  (XX001|58030)/, 'a shortened object');
	open($out, '>:raw', $object) or die "cannot write $object: $!";
	print $out $whole;
	close $out;
}
same('whole again');
is(sql("SELECT count(*) FROM footfall.verify('cold_rows')"), '0', 'verified at the end');

# Back, under a snapshot that reads the archive.
$expected = sql(sprintf($digest, 'heap_rows'));
$reader->query("BEGIN ISOLATION LEVEL REPEATABLE READ");
is($reader->query(sprintf($digest, 'cold_rows')), $expected, 'a reader of cold rows');
sql("CALL footfall.unarchive('cold_rows')");
is(sql($cold_segments), '0|3', 'all is local');
is($reader->query(sprintf($digest, 'cold_rows')), $expected, 'goes on reading the archive');
$reader->query('COMMIT');
$reader->quit;
same('brought back');
is(sql("SELECT count(*) FROM footfall.verify('cold_rows')"), '0', 'and verified');

# A valid object that is not the one that was archived.
my %twins;
for my $i (1 .. 12)
{
	sql("CREATE TABLE one_$i (id int, v int) USING footfall; INSERT INTO one_$i SELECT i, 1000000 + $i FROM generate_series(1, 9000) i;
		CALL footfall.archive('one_$i', 'lake')");
	my ($file) = glob("$lake/public.one_$i/*/part-*.parquet");
	push @{ $twins{ -s $file } }, [ "one_$i", $file ];
}
my ($alike) = grep { @$_ > 1 } values %twins;
ok(defined $alike, 'two objects are as long');
my ($one, $other) = @$alike;
my $bytes = slurp_file($other->[1]);
open(my $out, '>:raw', $one->[1]) or die "cannot write $one->[1]: $!";
print $out $bytes;
close $out;
like(failure("SELECT sum(v) FROM $one->[0]"), qr/ERROR:  XX001.*is not what was archived/s, 'another object in its place');
sql("DROP TABLE one_$_") for 1 .. 12;

# Local space is given back at once, or by a later call when an older snapshot needed it.
sql("CREATE TABLE spacious (id int, v text) USING footfall; INSERT INTO spacious SELECT i, sha512(i::text::bytea)::text FROM generate_series(1, 60000) i;
	CREATE TABLE later (id int, v text) USING footfall; INSERT INTO later SELECT * FROM spacious;
	CALL footfall.seal('spacious'); CALL footfall.seal('later')");
my $size = "SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE relname = '%s'";
cmp_ok(sql(sprintf($size, 'spacious')), '>', 3000000, 'a table of some size');
sql("CALL footfall.archive('spacious', 'lake')");
cmp_ok(sql(sprintf($size, 'spacious')), '<', 600000, 'is gone from the database when it is archived');
is(sql('SELECT count(*), sum(id) FROM spacious'), '60000|1800030000', 'and there');
my $holder = $node->background_psql('postgres');
$holder->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM later');
sql("CALL footfall.archive('later', 'lake')");
cmp_ok(sql(sprintf($size, 'later')), '>', 3000000, 'an older snapshot keeps what it reads');
$holder->query('COMMIT');
$holder->quit;
sql("CALL footfall.archive('later', 'lake')");
cmp_ok(sql(sprintf($size, 'later')), '<', 600000, 'until the next call');
sql("DROP TABLE spacious, later; CALL footfall.archive_vacuum('lake', '0')");

# What leaves the archive leaves the cache.
$node->append_conf('postgresql.conf', 'footfall.archive_cache_size = 64MB');
$node->reload;
sql("CALL footfall.archive('cold_rows', 'lake')");
same('archived again');
cmp_ok(scalar(() = glob("$cache/*")), '>', 0, 'its columns are kept');
sql("CALL footfall.unarchive('cold_rows'); CALL footfall.archive_vacuum('lake', '0')");
is(scalar(() = glob("$cache/*")), 0, 'until the objects are removed');
same('all is local again');

# Autovacuum's ANALYZE comes by itself, and asks no archive for what is known: statistics of what is cold stay, and where
# there are none, a few segments are read.
sql(<<'SQL');
CREATE TABLE known (id int, customer int) USING footfall WITH (autovacuum_analyze_threshold = 500, autovacuum_analyze_scale_factor = 0);
INSERT INTO known SELECT i, i % 5000 FROM generate_series(1, 60000) i;
CALL footfall.archive('known', 'lake');
ANALYZE known;
CREATE TABLE mostly_local (LIKE known) USING footfall WITH (autovacuum_analyze_threshold = 500, autovacuum_analyze_scale_factor = 0);
INSERT INTO mostly_local SELECT i, i % 100 FROM generate_series(1, 9000) i;
CALL footfall.archive('mostly_local', 'lake');
INSERT INTO mostly_local SELECT i, i % 5000 FROM generate_series(1, 50000) i;
SQL
my $distinct = "SELECT n_distinct FROM pg_stats WHERE tablename = '%s' AND attname = 'customer'";
my $before = sql(sprintf($distinct, 'known'));
cmp_ok(abs($before - 5000), '<', 100, 'read when somebody asks');
is(sql("SELECT count(*) FROM pg_stats WHERE tablename = 'mostly_local'"), '0', 'the other is not');
rename $lake, "$lake.away" or die "cannot rename $lake: $!";
sql("INSERT INTO known SELECT -i, -1 FROM generate_series(1, 1000) i; DELETE FROM known WHERE id <= 100 AND id > 0");
$node->append_conf('postgresql.conf', "autovacuum = on\nautovacuum_naptime = 1s\nfootfall.archive_cache_size = 64MB\n");
$node->reload;
ok($node->poll_query_until('postgres', "SELECT count(*) = 2 FROM pg_stat_user_tables WHERE relname IN ('known', 'mostly_local') AND autoanalyze_count > 0"), 'analyzed while the archive is away');
is(sql("SELECT reltuples FROM pg_class WHERE relname = 'known'"), '60900', 'every live row is counted');
is(sql(sprintf($distinct, 'known')), $before, 'what was known is kept');
is(sql("SELECT reltuples FROM pg_class WHERE relname = 'mostly_local'"), '59000', 'here as well');
cmp_ok(abs(sql(sprintf($distinct, 'mostly_local')) - 5000), '<', 100, 'what is local speaks for what is cold');
rename "$lake.away", $lake or die "cannot rename $lake.away: $!";
is(sql("SELECT count(*), count(*) FILTER (WHERE id < 0) FROM known"), '60900|1000', 'nothing is lost');
sql("CREATE TABLE unknown (id int, customer int) USING footfall WITH (autovacuum_enabled = false, autovacuum_analyze_threshold = 500, autovacuum_analyze_scale_factor = 0)");
sql("INSERT INTO unknown SELECT i + $_ * 10000, i % 5000 FROM generate_series(1, 9000) i; CALL footfall.archive('unknown', 'lake')") for 1 .. 10;
my $kept = scalar(() = glob("$cache/*"));
sql("ALTER TABLE unknown SET (autovacuum_enabled = true)");
ok($node->poll_query_until('postgres', "SELECT autoanalyze_count > 0 FROM pg_stat_user_tables WHERE relname = 'unknown'"), 'a table without statistics');
is(sql("SELECT reltuples FROM pg_class WHERE relname = 'unknown'"), '90000', 'all rows are counted');
cmp_ok(abs(sql(sprintf($distinct, 'unknown')) - 5000), '<', 100, 'some are read');
is(scalar(() = glob("$cache/*")) - $kept, 8, 'four segments of two columns');
unlike(slurp_file($node->logfile), qr/automatic analyze of table.*ERROR/s, 'no error');
$node->stop;

done_testing();
