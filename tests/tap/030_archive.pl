# Archiving to files and back: a process killed and an error at each step leave every row in one place and a rerun that
# completes; rows that change meanwhile; who may; what DROP and TRUNCATE leave; objects and log agree in the end.
use strict;
use warnings;
use File::Path qw(remove_tree);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('archive');
my $lake = $node->basedir . '/lake';
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\ntimezone = 'UTC'\nrestart_after_crash = on\n");
$node->start;
mkdir $lake or die "cannot make $lake: $!";

sub sql { return $node->safe_psql('postgres', $_[0]); }

# After a crash. A psql that is refused may end before it was asked, which is the harness's error.
sub recovered
{
	for my $attempt (1 .. 20)
	{
		return if eval { $node->poll_query_until('postgres', 'SELECT true') };
	}
	die 'no recovery';
}

sub failure
{
	my ($statement) = @_;
	my ($status, $stdout, $stderr) = $node->psql('postgres', "\\set VERBOSITY verbose\n$statement");
	return $stderr;
}

sql(<<SQL);
CREATE EXTENSION footfall;
CREATE SERVER lake FOREIGN DATA WRAPPER footfall_archive OPTIONS (location 'file://$lake');
CREATE TABLE events (id bigint, customer int, ts timestamptz, kind text, amount numeric(10,2)) PARTITION BY RANGE (ts);
CREATE TABLE events_a PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01') USING footfall;
CREATE TABLE events_b PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') USING footfall;
SELECT footfall.configure('events', time_column => 'ts', customer_column => 'customer');
CREATE TABLE twin (LIKE events);
INSERT INTO twin SELECT i, i % 500, '2026-01-01'::timestamptz + i * interval '2 minutes', 'k' || i % 5, i / 100.0
    FROM generate_series(0, 39999) i;
INSERT INTO events SELECT * FROM twin;
SQL

sub same
{
	my ($what) = @_;
	is(sql('SELECT (SELECT count(*) FROM (TABLE events EXCEPT ALL TABLE twin) x), (SELECT count(*) FROM (TABLE twin EXCEPT ALL TABLE events) x)'),
		'0|0', $what);
}

# Keys below the table's folder, and those that the log names.
sub objects
{
	my @found = map { s{^\Q$lake\E/public\.events/}{}r } grep { !m{/_delta_log/} } split /\n/, `find '$lake' -type f`;
	return join "\n", sort @found;
}

sub named
{
	my %files;
	for my $commit (sort glob("$lake/public.events/_delta_log/*.json"))
	{
		for my $line (split /\n/, slurp_file($commit))
		{
			my $action = decode_json($line);
			$files{ $action->{add}{path} } = $action->{add} if $action->{add};
			delete $files{ $action->{remove}{path} } if $action->{remove};
		}
	}
	return \%files;
}

sub agree
{
	my ($what) = @_;
	sql("CALL footfall.archive_vacuum('lake', '0')");
	is(objects(), join("\n", sort keys %{ named() }), "$what: the objects are those of the log");
	my $rows = 0;
	$rows += decode_json($_->{stats})->{numRecords} for values %{ named() };
	is($rows, sql("SELECT coalesce(sum(rows), 0) FROM footfall.archive_objects WHERE state = 'switched'"), "$what: so are the rows");
	is(sql("SELECT count(*) FROM footfall.archive_objects WHERE state <> 'switched'"), '0', "$what: nothing is unfinished");
	is(sql("SELECT count(*) FROM footfall.verify('events')"), '0', "$what: verified");
	is(sql("SELECT sum(hot_rows + sealed_rows + cold_rows), sum(cold_rows), sum(cold_bytes) FROM footfall.storage('events')"),
		sql("SELECT (SELECT count(*) FROM events), sum(cold_rows), sum(cold_bytes) FROM footfall.tables WHERE partition_of = 'events'::regclass"),
		"$what: the sizes agree with the rows and each other");
	is(sql("SELECT sum(cold_bytes) FROM footfall.storage('events')"), sql("SELECT coalesce(sum(bytes), 0) FROM footfall.archive_objects WHERE state = 'switched'"),
		"$what: and with the manifest");
}

sub cold { return sql("SELECT count(*) FILTER (WHERE archive_object IS NOT NULL), count(*) FILTER (WHERE archive_object IS NULL) FROM footfall.segment"); }

my @archiving = qw(archive_after_create archive_after_plan archive_after_spool archive_after_upload archive_after_uploaded
  archive_after_commit archive_after_committed archive_during_switch archive_before_switched);
for my $action ('crash', 'error')
{
	for my $name (@archiving)
	{
		# The table of the log is made where there is none.
		remove_tree("$lake/public.events/_delta_log") if $name eq 'archive_after_create';
		$node->psql('postgres', "SET footfall.failpoint = '$name:$action'; CALL footfall.archive('events_a', 'lake')");
		recovered();
		same("$action at $name: every row once");
		is(sql("SELECT count(*) FROM footfall.archive_objects WHERE state = 'switched'"), '0', "$action at $name: nothing is switched");
		# Rows go on changing.
		sql("DELETE FROM events WHERE id % 1000 = 7; DELETE FROM twin WHERE id % 1000 = 7;
			UPDATE events SET kind = '$name' WHERE id % 1000 = 8; UPDATE twin SET kind = '$name' WHERE id % 1000 = 8;
			INSERT INTO events VALUES (-1, 1, '2026-01-05', '$name', 1); INSERT INTO twin VALUES (-1, 1, '2026-01-05', '$name', 1)");
		sql("CALL footfall.archive('events_a', 'lake')");
		same("rerun after $action at $name");
		like(cold(), qr/^[1-9]\d*\|0$/, 'all segments are cold');
		sql("CALL footfall.unarchive('events_a')");
		same('and back');
		like(cold(), qr/^0\|/, 'all segments are local');
	}
	agree("after each $action of archiving");
	for my $name (qw(unarchive_after_download unarchive_during_switch archive_before_leaving))
	{
		sql("CALL footfall.archive('events_a', 'lake')");
		isnt($node->psql('postgres', "SET footfall.failpoint = '$name:$action'; CALL footfall.unarchive('events_a')"), 0, "$action at $name");
		recovered();
		same("$action at $name: every row once");
		sql("CALL footfall.unarchive('events_a')");
		same("rerun after $action at $name");
		like(cold(), qr/^0\|/, 'all segments are local');
	}
	isnt($node->psql('postgres', "SET footfall.failpoint = 'archive_before_remove:$action'; CALL footfall.archive_vacuum('lake', '0')"), 0, "$action while removing");
	recovered();
	agree("after each $action of bringing back");
}

# An older snapshot reads what was local, a newer one what is cold; both see the same.
my $reader = $node->background_psql('postgres');
$reader->query('BEGIN ISOLATION LEVEL REPEATABLE READ');
my $digest = 'SELECT count(*), sum(hashtextextended(e::text, 0)) FROM events e';
my $expected = sql($digest);
is($reader->query($digest), $expected, 'a snapshot from before');
sql("CALL footfall.archive('events', 'lake')");
is($reader->query($digest), $expected, 'reads the same after the switch');
is(sql($digest), $expected, 'as new ones do');
my $after = $node->background_psql('postgres');
$after->query('BEGIN ISOLATION LEVEL REPEATABLE READ');
is($after->query($digest), $expected, 'a snapshot of the archived rows');
sql("CALL footfall.unarchive('events_a')");
is($after->query($digest), $expected, 'reads the same when they are back');
is($reader->query($digest), $expected, 'so does the oldest');
$_->query('COMMIT') for $reader, $after;
$_->quit for $reader, $after;
same('archived and back under readers');

# Whoever is changing rows is not waited for, and loses nothing.
my $writer = $node->background_psql('postgres');
$writer->query('BEGIN; DELETE FROM events WHERE id = 100');
like(failure("CALL footfall.archive('events_a', 'lake')"), qr/55P03.*rows of table "events_a" are being changed/s, 'rows are being changed');
is(sql("SELECT state FROM footfall.archive_objects WHERE relation = 'events_a'::regclass AND state <> 'leaving'"), 'committed', 'the object waits');
like(failure("BEGIN; CALL footfall.archive('events_a', 'lake')"), qr/25001/, 'not in a transaction block');
$writer->query('COMMIT');
$writer->quit;
sql('DELETE FROM twin WHERE id = 100');
sql("CALL footfall.archive('events_a', 'lake')");
same('the next call goes on');

# Nobody who inserts waits for a lock of archiving, into the partition or another, wherever it stands still for a second.
for my $name (qw(archive_after_plan archive_after_spool archive_after_upload archive_after_commit archive_during_switch archive_before_switched))
{
	sql("CALL footfall.unarchive('events_a')");
	my $archiving = $node->background_psql('postgres', on_error_stop => 0);
	$archiving->query_until(qr/begun/, "\\echo begun\nSET footfall.failpoint = '$name:sleep'; CALL footfall.archive('events_a', 'lake');\n");
	my $active = "SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'CALL footfall.archive(%' AND pid <> pg_backend_pid()";
	$node->poll_query_until('postgres', "SELECT EXISTS ($active)") or die 'not archiving';
	like(failure(<<SQL), qr/^(?!.*ERROR).*NOTICE:[^\n]* \d{2,} times/s, "no insert waits at $name");
SET lock_timeout = '500ms';
DO \$\$
DECLARE
	times int := 0;
BEGIN
	WHILE EXISTS ($active) LOOP
		INSERT INTO events VALUES (-20, 20, '2026-01-06', 'meanwhile', 20), (-21, 20, '2026-02-06', 'meanwhile', 20);
		INSERT INTO twin VALUES (-20, 20, '2026-01-06', 'meanwhile', 20), (-21, 20, '2026-02-06', 'meanwhile', 20);
		COMMIT;
		times := times + 1;
		PERFORM pg_sleep(0.005);
	END LOOP;
	RAISE NOTICE '% times', times;
END \$\$;
SQL
	$archiving->quit;
	like(cold(), qr/^[1-9]/, 'and it is archived');
	same("inserted at $name");
}

# A compaction that came between what was planned and the switch: the object leaves.
sql("CALL footfall.unarchive('events_a')");
failure("SET footfall.failpoint = 'archive_after_committed:error'; CALL footfall.archive('events_a', 'lake')");
sql("DELETE FROM events WHERE id % 7 = 1; DELETE FROM twin WHERE id % 7 = 1; CALL footfall.compact('events_a')");
sql("CALL footfall.archive('events_a', 'lake')");
same('archived anew after a compaction');
agree('after a compaction');

# A segment's number that is used again is another segment, whatever an object that was begun says.
sql("CREATE TABLE reused (id int, note text) USING footfall; INSERT INTO reused SELECT i, 'old' FROM generate_series(1, 9000) i");
for my $name (qw(archive_after_plan archive_after_uploaded archive_after_committed))
{
	my $number = sql("CALL footfall.seal('reused'); CALL footfall.compact('reused');
		SELECT max(number) FROM footfall.segment WHERE storage = (SELECT reltoastrelid FROM pg_class WHERE relname = 'reused')");
	failure("SET footfall.failpoint = '$name:error'; CALL footfall.archive('reused', 'lake')");
	sql("DELETE FROM reused; CALL footfall.compact('reused')");
	sql('VACUUM footfall.segment');
	sql("INSERT INTO reused SELECT i, '$name' FROM generate_series(1, 9000) i; CALL footfall.seal('reused')");
	is(sql("SELECT max(number) <= $number FROM footfall.segment WHERE storage = (SELECT reltoastrelid FROM pg_class WHERE relname = 'reused')"),
		't', "a number is used again after $name");
	sql("CALL footfall.archive('reused', 'lake')");
	is(sql("SELECT note, count(*), sum(id) FROM reused GROUP BY note"), "$name|9000|40504500", 'nothing is lost, nothing comes back');
	is(sql("SELECT count(*) FILTER (WHERE archive_object IS NULL), count(*) > 0 FROM footfall.segment
		WHERE storage = (SELECT reltoastrelid FROM pg_class WHERE relname = 'reused')"), '0|t', 'and all is archived by the same call');
	sql("CALL footfall.unarchive('reused')");
	is(sql("SELECT note, count(*), sum(id) FROM reused GROUP BY note"), "$name|9000|40504500", 'and back');
}
sql("DROP TABLE reused; CALL footfall.archive_vacuum('lake', '0')");

# What is removed from a store is named by no row of the catalog that a crash brings back.
$node->append_conf('postgresql.conf', "wal_writer_delay = '10s'");
$node->reload;
sql("CREATE TABLE durable (id int) USING footfall; INSERT INTO durable SELECT generate_series(1, 9000); CALL footfall.archive('durable', 'lake')");
$node->psql('postgres', "SET synchronous_commit = off; CALL footfall.unarchive('durable');
	SET footfall.failpoint = 'archive_after_remove:crash'; CALL footfall.archive_vacuum('lake', '0')");
recovered();
is(sql('SELECT count(*), sum(id) FROM durable'), '9000|40504500', 'a crash after removing an object whose leaving was committed asynchronously');
sql("DROP TABLE durable; CALL footfall.archive_vacuum('lake', '0')");

# A cold table, live and deleted rows.
sql("CREATE TABLE sizes (id int) USING footfall; INSERT INTO sizes SELECT generate_series(1, 9000); CALL footfall.archive('sizes', 'lake');
	DELETE FROM sizes WHERE id <= 100; INSERT INTO sizes SELECT generate_series(1, 50)");
is(sql("SELECT hot_rows, sealed_rows, cold_rows, deleted_rows, segments, cold_bytes = (SELECT bytes FROM footfall.archive_objects WHERE relation = 'sizes'::regclass)
	FROM footfall.storage('sizes')"), '50|0|8900|100|1|t', 'what is cold');
is(sql("SELECT segments, cold_segments, cold_rows, cold_bytes > 0 FROM footfall.tables WHERE relation = 'sizes'::regclass"), '1|1|8900|t', 'also in the view');

# What is spooled counts as temporary files do.
sql("INSERT INTO sizes SELECT i * 7919 % 1000003 FROM generate_series(1, 90000) i");
like(failure("SET temp_file_limit = '32kB'; CALL footfall.archive('sizes', 'lake')"), qr/53400.*temp_file_limit/s, 'too large to be spooled');
is(sql("SELECT count(*) FROM sizes"), '98950', 'and where it was');
sql("CALL footfall.archive('sizes', 'lake')");
like(failure("SET temp_file_limit = '32kB'; CALL footfall.unarchive('sizes')"), qr/53400.*temp_file_limit/s, 'too large to be brought back');
is(sql("SET temp_file_limit = '10MB'; CALL footfall.unarchive('sizes'); SELECT count(*), sum(cold_rows) FROM sizes, footfall.storage('sizes') GROUP BY relation"), '98950|0', 'within the limit it comes');
sql("DROP TABLE sizes; CALL footfall.archive_vacuum('lake', '0')");

# One at a time.
my $busy = $node->background_psql('postgres', on_error_stop => 0);
sql("CALL footfall.unarchive('events_a')");
$busy->query_until(qr/begun/, "\\echo begun\nSET footfall.failpoint = 'archive_after_plan:sleep'; CALL footfall.archive('events_a', 'lake');\n");
$node->poll_query_until('postgres', "SELECT count(*) > 0 FROM footfall.archive_objects WHERE state = 'planned'") or die 'not planned';
like(failure("CALL footfall.archive('events_b', 'lake')"), qr/55P03.*another session is archiving table "events"/s, 'one session a table');
$busy->quit;
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'") or die 'still busy';
sql("CALL footfall.archive('events_a', 'lake')");
same('and then');

# Columns that come later.
sql("ALTER TABLE events ADD COLUMN note text; ALTER TABLE twin ADD COLUMN note text;
	INSERT INTO events VALUES (-5, 5, '2026-02-05', 'n', 5, 'a note'); INSERT INTO twin VALUES (-5, 5, '2026-02-05', 'n', 5, 'a note')");
sql("CALL footfall.archive('events', 'lake')");
same('with a new column');
like(slurp_file((sort glob("$lake/public.events/_delta_log/*.json"))[-1]), qr/metaData.*note/s, 'which the log has as well');
agree('with a new column');

# The right to be forgotten: in no local row, no object, no former version; also rows that were deleted before.
sql("INSERT INTO events SELECT 100000 + i, 77, '2026-01-20'::timestamptz + i * interval '1 second', 'forget', 1 FROM generate_series(1, 500) i;
	CALL footfall.archive('events', 'lake'); DELETE FROM events WHERE customer = 78; DELETE FROM twin WHERE customer IN (77, 78)");
sql("CALL footfall.erase('events', '77')");
same('erased');
is(sql("SELECT count(*), count(*) FILTER (WHERE state <> 'switched') FROM footfall.archive_objects"), sql("SELECT count(*), 0 FROM footfall.archive_objects WHERE state = 'switched'"), 'what the rows were in has gone at once');
is(objects(), join("\n", sort keys %{ named() }), 'from the store as well');
is(sql('SELECT count(*) FROM footfall.tombstone'), '0', 'nothing is merely marked as deleted');
is(sql("SELECT count(*) FROM footfall.archive_objects WHERE relation = 'events_a'::regclass AND state = 'switched'") > 0 ? 1 : 0, '1', 'the others are archived again');
my $locker = $node->background_psql('postgres');
$locker->query("BEGIN; LOCK TABLE events_b IN SHARE UPDATE EXCLUSIVE MODE");
like(failure("CALL footfall.erase('events', '79')"), qr/55P03/, 'no success while a partition cannot be vacuumed');
$locker->query('COMMIT');
$locker->quit;
sql('DELETE FROM twin WHERE customer = 79');
sql("CALL footfall.erase('events', '79')");
same('erased when it can');
like(failure("CALL footfall.erase('events', 'abc')"), qr/22P02/, 'not a customer');
like(failure("DROP SERVER lake CASCADE"), qr/2BP01.*archived rows of table/s, 'a server that holds rows stays');
like(failure("ALTER SERVER lake RENAME TO pond"), qr/2BP01.*cannot rename server "lake": archived rows/s, 'under its name');
like(failure("ALTER SERVER lake OPTIONS (SET location 'file:///tmp')"), qr/2BP01.*cannot move server "lake"/s, 'and at its place');
sql("ALTER SERVER lake VERSION '2'");
agree('after erasing');

# Objects that cannot hold the customer are not read: not by their zone maps, nor by the filters of those that are left.
sql("CREATE TABLE apart (id int, customer int) PARTITION BY RANGE (id);
	CREATE TABLE apart_low PARTITION OF apart FOR VALUES FROM (0) TO (20000) USING footfall;
	CREATE TABLE apart_high PARTITION OF apart FOR VALUES FROM (20000) TO (40000) USING footfall;
	CREATE TABLE apart_odd PARTITION OF apart FOR VALUES FROM (40000) TO (60000) USING footfall;
	SELECT footfall.configure('apart', customer_column => 'customer', order_by => ARRAY['customer']);
	INSERT INTO apart SELECT i, i % 1000 FROM generate_series(0, 19999) i;
	INSERT INTO apart SELECT i, 1000 + i % 1000 FROM generate_series(20000, 39999) i;
	INSERT INTO apart SELECT i, (i % 1000) * 2 + 1 FROM generate_series(40000, 59999) i;
	CALL footfall.archive('apart', 'lake')");
my %away = map { $_ => "$_.away" } grep { !/apart_low/ } glob("$lake/public.apart/*/part-*");
is(scalar(keys %away), 2, 'two objects to be left alone');
rename($_, $away{$_}) for keys %away;
is(failure("CALL footfall.erase('apart', '500')"), '', 'a customer of the third is erased while the others are away');
like(failure("CALL footfall.erase('apart', '1500')"), qr/ERROR:  58030/, 'one of theirs is not');
rename($away{$_}, $_) for keys %away;
sql("CALL footfall.erase('apart', '1500')");
is(sql("SELECT count(*), count(*) FILTER (WHERE customer IN (500, 1500)), sum(customer) FROM apart"), '59960|0|' .
	(20 * (999 * 1000 / 2 - 500) + 20 * (1000 * 1000 + 999 * 1000 / 2 - 1500) + 20 * (999 * 1000 + 1000)), 'and then it is');
is(sql("SELECT count(*) FILTER (WHERE archive_object IS NULL), count(*) FROM footfall.segment WHERE storage IN
	(SELECT reltoastrelid FROM pg_class WHERE relname LIKE 'apart%')"), '0|3', 'all of it is archived');
sql("DROP TABLE apart; CALL footfall.archive_vacuum('lake', '0')");

# Wherever an erase ends, the next one completes it: the rows are gone, the others archived as before.
my $customer = 100;
for my $name (qw(erase_after_delete unarchive_after_download unarchive_during_switch erase_before_archive archive_after_spool archive_after_upload
	archive_after_commit archive_before_switched archive_before_remove))
{
	sql("CALL footfall.archive('events', 'lake'); CALL footfall.archive_vacuum('lake', '0')");
	$customer++;
	isnt($node->psql('postgres', "SET footfall.failpoint = '$name:crash'; CALL footfall.erase('events_a', '$customer')"), 0, "crash at $name of erase");
	recovered();
	# Rows are archived at most once, and to no new place.
	sql("CALL footfall.erase('events', '$customer'); DELETE FROM twin WHERE customer = $customer");
	same("erased after a crash at $name");
	like(cold(), qr/^[1-9]\d*\|0$/, 'and archived again');
	is(sql("SELECT count(*) FROM footfall.archive_objects WHERE state <> 'switched'"), '0', 'nothing is left over');
	is(sql('SELECT count(*) FROM footfall.tombstone'), '0', 'nothing is merely marked as deleted');
	is(objects(), join("\n", sort keys %{ named() }), 'nor in the store');
}
# Rows that nobody has archived are not archived by it; those it was asked to bring back stay.
sql("INSERT INTO events SELECT 200000 + i, 300, '2026-02-10', 'late', 1 FROM generate_series(1, 50) i; INSERT INTO twin SELECT 200000 + i, 300, '2026-02-10', 'late', 1 FROM generate_series(1, 50) i;
	CALL footfall.unarchive('events_a')");
sql("CALL footfall.erase('events', '301'); DELETE FROM twin WHERE customer = 301");
same('erased beside local rows');
is(sql("SELECT count(*) FROM footfall.archive_objects WHERE relation = 'events_a'::regclass"), '0', 'what was brought back stays');
cmp_ok(sql("SELECT count(*) FROM footfall.segments WHERE relation = 'events_b'::regclass") + sql("SELECT hot_bytes FROM footfall.tables WHERE relation = 'events_b'::regclass"), '>', 0, 'late rows');
cmp_ok((split /\|/, cold())[1], '>', 1, 'are not archived');
sql("CALL footfall.archive('events', 'lake')");

# A trigger or rule that keeps rows: an error, and nothing is erased.
sql("CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER keep BEFORE DELETE ON events_a FOR EACH ROW EXECUTE FUNCTION keep()");
like(failure("CALL footfall.erase('events', '302')"), qr/55000.*rows of the customer are left in table "events"/s, 'a trigger keeps rows');
same('which are all there');
sql("DROP TRIGGER keep ON events_a; CREATE RULE keep AS ON DELETE TO events DO INSTEAD NOTHING");
like(failure("CALL footfall.erase('events', '302')"), qr/55000.*rows of table "events" cannot be deleted/s, 'a rule replaces DELETE');
sql("DROP RULE keep ON events");

# A partition that has left its parent is erased with what it left in the parent's folder.
sql("CALL footfall.archive_vacuum('lake', '0'); ALTER TABLE events DETACH PARTITION events_b");
sql("SELECT footfall.configure('events_b', time_column => 'ts', customer_column => 'customer')");
sql("CALL footfall.erase('events_b', '303'); DELETE FROM twin WHERE customer = 303 AND ts >= '2026-02-01'");
is(sql("SELECT count(*) FILTER (WHERE state = 'switched') > 0, count(*) FILTER (WHERE state <> 'switched') FROM footfall.archive_objects WHERE relation = 'events_b'::regclass"), 't|0', 'erased after DETACH');
# Its objects in the folder of the former parent are its own: nobody removes them while it is being archived.
sql("CALL footfall.archive_vacuum('lake', '0')");
sql("ALTER TABLE events ATTACH PARTITION events_b FOR VALUES FROM ('2026-02-01') TO ('2026-03-01'); CALL footfall.unarchive('events_b');
	CALL footfall.archive('events_b', 'lake'); ALTER TABLE events DETACH PARTITION events_b; CALL footfall.unarchive('events_b')");
cmp_ok(sql("SELECT count(*) FROM footfall.archive_objects WHERE state = 'leaving' AND relation = 'events_b'::regclass AND object LIKE 'public.events/%'"), '>', 0, 'it has left some there');
my $detached = $node->background_psql('postgres', on_error_stop => 0);
$detached->query_until(qr/begun/, "\\echo begun\nSET footfall.failpoint = 'archive_after_plan:sleep'; CALL footfall.archive('events_b', 'lake');\n");
$node->poll_query_until('postgres', "SELECT count(*) > 0 FROM footfall.archive_objects WHERE state = 'planned'") or die 'not planned';
like(failure("CALL footfall.archive_vacuum('lake', '0')"), qr/objects of table "events_b" are left out: it is being archived/, 'archive_vacuum leaves it alone');
cmp_ok(sql("SELECT count(*) FROM footfall.archive_objects WHERE state = 'leaving' AND relation = 'events_b'::regclass AND object LIKE 'public.events/%'"), '>', 0, 'and they are there');
$detached->quit;
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'") or die 'still busy';
sql("CALL footfall.archive_vacuum('lake', '0')");
is(sql("SELECT count(*) FROM footfall.archive_objects WHERE state = 'leaving'"), '0', 'until it is done');
sql("CALL footfall.archive('events_b', 'lake')");
sql("ALTER TABLE events ATTACH PARTITION events_b FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')");
same('and attached again');
sql("CALL footfall.erase('events_b', '304'); DELETE FROM twin WHERE customer = 304 AND ts >= '2026-02-01'");
is(sql("SELECT count(*) FROM footfall.archive_objects WHERE state <> 'switched'"), '0', 'erased after ATTACH');
same('of the one partition');
like(failure("ALTER TABLE events ADD COLUMN footfall_partition int; INSERT INTO events(id, ts) VALUES (1, '2026-01-03'); CALL footfall.archive('events', 'lake')"),
	qr/42701.*cannot be archived/s, 'the name of the partition column is taken');
sql("ALTER TABLE events DROP COLUMN footfall_partition; DELETE FROM events WHERE id = 1 AND kind IS NULL");

# By age and by size.
sql("CALL footfall.unarchive('events')");
sql("SELECT footfall.configure('events', partition_interval => '1 month', premake => 0, archive_to => 'lake', archive_after => '1 year')");
sql("CALL footfall.run_jobs('events', as_of => '2026-06-01')");
like(cold(), qr/^0\|/, 'too young');
sql("CALL footfall.run_jobs('events', as_of => '2027-02-10')");
is(sql("SELECT string_agg(DISTINCT relation::text, ',') FROM footfall.archive_objects WHERE state = 'switched'"), 'events_a', 'old enough');
is(sql("SELECT state FROM footfall.jobs WHERE job = 'archive'"), 'done', 'the job shows');
sql("SELECT footfall.configure('events', archive_above => '1 kB'); CALL footfall.run_jobs('events', as_of => '2026-06-01')");
is(sql("SELECT string_agg(DISTINCT relation::text, ',' ORDER BY relation::text) FROM footfall.archive_objects WHERE state = 'switched'"), 'events_a,events_b', 'too large');
same('after the job');
like(failure("SELECT footfall.configure('events', archive_above => 'much')"), qr/22023|invalid size/, 'not a size');
like(failure("SELECT footfall.configure('events', archive_to => 'nowhere')"), qr/42704/, 'not a server');
is(sql("SELECT count(*) FROM footfall.verify('events')"), '0', 'verified after the job');
my $again = sql("SELECT string_agg(id::text, ',' ORDER BY id) FROM footfall.archive_object");
sql("CALL footfall.run_jobs('events', as_of => '2026-06-01')");
is(sql("SELECT string_agg(id::text, ',' ORDER BY id) FROM footfall.archive_object"), $again, 'what has to stay is not archived over and over');
sql("DROP TABLE IF EXISTS events_default; SELECT footfall.reset('events', 'archive_above'); SELECT footfall.reset('events', 'archive_after')");

# Who may.
sql(<<SQL);
CREATE ROLE shop; CREATE ROLE stranger;
CREATE SCHEMA shop AUTHORIZATION shop;
GRANT USAGE ON SCHEMA shop TO stranger;
SET ROLE shop;
CREATE TABLE shop.visits (id int, at timestamptz) USING footfall;
INSERT INTO shop.visits SELECT i, now() FROM generate_series(1, 10) i;
SQL
like(failure("SET ROLE stranger; CALL footfall.archive('shop.visits', 'lake')"), qr/42501.*must be owner/s, 'not a stranger');
like(failure("SET ROLE stranger; CALL footfall.unarchive('shop.visits')"), qr/42501.*must be owner/s, 'nor back');
like(failure("SET ROLE shop; CALL footfall.archive('shop.visits', 'lake')"), qr/42501.*permission denied for foreign server lake/s, 'not without USAGE');
like(failure("SET ROLE shop; CALL footfall.archive_vacuum('lake')"), qr/42501.*must be owner of foreign server/s, 'not the server');
is(sql("SET ROLE shop; SELECT count(*) FROM footfall.archive_objects"), '0', 'nor see it');
sql('GRANT USAGE ON FOREIGN SERVER lake TO shop');
sql("SET ROLE shop; CALL footfall.archive('shop.visits', 'lake')");
is(sql('SET ROLE shop; SELECT count(*), sum(id) FROM shop.visits'), '10|55', 'the owner with USAGE may');
is(sql("SET ROLE shop; SELECT count(*) FROM footfall.archive_objects"), '1', 'and sees it');
like(failure("GRANT USAGE ON FOREIGN DATA WRAPPER footfall_archive TO shop; SET ROLE shop;
	CREATE SERVER mine FOREIGN DATA WRAPPER footfall_archive OPTIONS (location 'file:///tmp')"), qr/42501.*may not archive to files/s, 'files are for those who may read and write files');
sql('GRANT pg_read_server_files, pg_write_server_files TO shop');
sql("SET ROLE shop; CREATE SERVER mine FOREIGN DATA WRAPPER footfall_archive OPTIONS (location 'file://$lake')");
sql('REVOKE pg_write_server_files FROM shop');
like(failure("SET ROLE shop; CALL footfall.archive('shop.visits', 'mine')"), qr/42501.*may not archive to files/s, 'asked again when it is used');
sql('DROP TABLE shop.visits');
# A place that does not answer, with secrets.
sql("CREATE SERVER far FOREIGN DATA WRAPPER footfall_archive OPTIONS (location 's3://bucket/x', endpoint 'http://127.0.0.1:1', region 'here');
	SET log_statement = 'none';
	CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (access_key 'planted-key', secret_key 'planted-secret', session_token 'planted-token');
	CREATE TABLE v (id int) USING footfall; INSERT INTO v VALUES (1)");
my $refused = failure("CALL footfall.archive('v', 'far')");
like($refused, qr/allowed_endpoints|not allowed/, 'hosts are for the list');
my $silent = failure("SET statement_timeout = '3s'; SET footfall.allowed_endpoints = '127.0.0.1:1'; CALL footfall.archive('v', 'far')");
like($silent, qr/ERROR/, 'nobody answers');
like(sql("SELECT umoptions::text FROM pg_user_mappings WHERE srvname = 'far'"), qr/planted-secret/, 'a secret was planted');
my $shown = $refused . $silent . sql("EXPLAIN (ANALYZE, VERBOSE, SETTINGS) SELECT count(*) FROM v") . sql("EXPLAIN (ANALYZE, VERBOSE) SELECT count(kind) FROM events")
  . join '', map { sql("SELECT to_jsonb(x) FROM footfall.$_ x") } qw(archive_objects jobs job_history tables settings);
$shown .= sql("SELECT to_jsonb(x) FROM pg_settings x") . sql("SET ROLE stranger; SELECT to_jsonb(x) FROM pg_user_mappings x");
unlike($shown, qr/planted-/, 'no error, plan or view shows it');

# Partitions of others: an error before anything is done, unless the caller may act for them.
sql(<<SQL);
GRANT CREATE ON SCHEMA shop TO stranger;
CREATE TABLE shop.orders (customer int, at timestamptz) PARTITION BY RANGE (at);
CREATE TABLE shop.orders_a PARTITION OF shop.orders FOR VALUES FROM ('2026-01-01') TO ('2026-02-01') USING footfall;
SELECT footfall.configure('shop.orders', time_column => 'at', customer_column => 'customer');
INSERT INTO shop.orders SELECT i % 10, '2026-01-05' FROM generate_series(1, 1000) i;
ALTER TABLE shop.orders OWNER TO shop; ALTER TABLE shop.orders_a OWNER TO stranger;
SQL
like(failure("SET ROLE shop; CALL footfall.erase('shop.orders', '5')"), qr/42501.*must be owner of table orders_a/s, 'not all partitions are the caller\'s');
is(sql('SELECT count(*) FROM shop.orders'), '1000', 'nothing is erased');
like(failure("SET ROLE shop; CALL footfall.archive('shop.orders', 'lake')"), qr/42501.*must be owner of table orders_a/s, 'nor archived');
sql("GRANT USAGE ON FOREIGN SERVER lake TO stranger; GRANT SELECT ON shop.orders TO stranger");
sql("CALL footfall.archive('shop.orders', 'lake')");
is(sql("SELECT count(*) FROM footfall.archive_objects WHERE relation = 'shop.orders_a'::regclass AND state = 'switched'"), '1', 'a superuser acts for all');
sql("CALL footfall.erase('shop.orders', '5')");
is(sql("SELECT count(*), count(*) FILTER (WHERE customer = 5) FROM shop.orders"), '900|0', 'and erases');
is(sql("SELECT count(*), count(*) FILTER (WHERE state = 'switched') FROM footfall.archive_objects WHERE relation = 'shop.orders_a'::regclass"), '1|1', 'everywhere');
# Jobs run as the owner of the table, and say what they may not touch.
sql("SELECT footfall.configure('shop.orders', partition_interval => '1 month', premake => 0, seal_after => '1 day', compact_after => '1 day',
	archive_to => 'lake', archive_after => '1 day'); CALL footfall.run_jobs('shop.orders', as_of => '2026-06-01')");
is(sql("SELECT string_agg(job || ': ' || done, E'\n' ORDER BY job) FROM footfall.job_history WHERE relation = 'shop.orders'::regclass AND job IN ('archive', 'compact', 'seal')"),
	"archive: archived 0 rows of 0 partitions; 1 tables of other owners were left out\ncompact: compacted 0 partitions; 1 tables of other owners were left out\n"
	. "seal: sealed 0 rows; 1 tables of other owners were left out", 'the history says what was left out');
sql("DROP TABLE shop.orders");

# The log follows the manifest, whatever a restore has made of the two.
sub commit_by_hand
{
	my (@actions) = @_;
	my @commits = sort glob("$lake/public.events/_delta_log/*.json");
	append_to_file(sprintf("%s/public.events/_delta_log/%020d.json", $lake, scalar @commits),
		join('', map { encode_json($_) . "\n" } { commitInfo => { timestamp => 1, operation => 'WRITE' } }, @actions));
}
sql("CALL footfall.archive('events', 'lake'); CALL footfall.archive_vacuum('lake', '0')");
agree('before');
my ($kept) = sort keys %{ named() };
my $forgotten = $kept =~ s/part-/part-forgotten/r;
commit_by_hand({ add => { path => $forgotten, partitionValues => { footfall_partition => 'events_a' }, size => 1, modificationTime => 1, dataChange => JSON::PP::true, stats => '{"numRecords":5}' } },
	{ remove => { path => $kept, deletionTimestamp => 1, dataChange => JSON::PP::true } });
append_to_file("$lake/public.events/$forgotten", 'x');
sql("CALL footfall.archive('events_a', 'lake')");
is(named()->{$forgotten}, undef, 'a forgotten object leaves the log');
ok(named()->{$kept}, 'and what the manifest has is in it again');
agree('after archive_vacuum');
commit_by_hand({ add => { path => $forgotten, partitionValues => { footfall_partition => 'events_a' }, size => 1, modificationTime => 1, dataChange => JSON::PP::true, stats => '{"numRecords":5}' } });
append_to_file("$lake/public.events/$forgotten", 'x');
sql("CALL footfall.erase('events_a', '310')");
ok(!-e "$lake/public.events/$forgotten", 'erase removes what was forgotten');
append_to_file("$lake/public.events/" . ($kept =~ s{[^/]*$}{_unfinished-1}r), 'x');
sql("CALL footfall.erase('events_a', '311')");
is(scalar(() = glob("$lake/public.events/*/_unfinished-*")), 0, 'and what uploads left half done');

# What is dropped or emptied leaves.
sql('TRUNCATE events_b');
is((scalar grep { /events_b/ } keys %{ named() }) > 0 ? 1 : 0, 1, 'the log does not know of TRUNCATE yet');
sql("CALL footfall.archive('events_a', 'lake')");
is(scalar(grep { /events_b/ } keys %{ named() }), 0, 'the next archive tells it');
sql('DROP TABLE events_a; DELETE FROM twin');
same('dropped');
agree('after DROP and TRUNCATE');
is(objects(), '', 'nothing is left');
unlike(slurp_file($node->logfile), qr/planted-/, 'no line of the log shows a secret');

done_testing();
