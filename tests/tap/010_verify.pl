# footfall.verify finds each damaged byte on disk and names its column; a query that meets it fails
# with XX001, one that does not goes on.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('verify');
# The server's own page checksums would find the damage first.
$node->init(
	extra => $ENV{FOOTFALL_PG_VERSION} >= 18 ? ['--no-data-checksums'] : []);
$node->append_conf('postgresql.conf', "autovacuum = off\nfsync = off\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION footfall;
	CREATE TABLE events (id int, customer int, kind text, amount numeric(10, 2), price float8,
		ts timestamptz, session uuid, extra jsonb, ok boolean) USING footfall;
	SELECT footfall.configure('events', order_by => '{customer,ts}');
	INSERT INTO events SELECT i, i * 7919 % 500, (ARRAY['view', 'cart', 'purchase'])[1 + i % 3],
		(i * 31 % 997) / 100.0, i * 0.731, '2026-01-01'::timestamptz + i * i % 86399 * interval '1 s',
		md5(i::text)::uuid, jsonb_build_object('n', i * 17 % 1013, 't', md5(i::text)), i % 7 < 3
	FROM generate_series(1, 12000) i;
	CALL footfall.seal('events');
	ALTER TABLE events ADD COLUMN note text;
	INSERT INTO events SELECT i, 1, 'view', 1, 1, now(), NULL, NULL, true,
		string_agg(md5(i::text || j), '')
	FROM generate_series(12001, 12020) i, generate_series(1, 200) j GROUP BY i;
	INSERT INTO events SELECT i, 1, 'view', 1, 1, now(), NULL, NULL, true, repeat('x', 1000)
	FROM generate_series(12021, 12100) i;
	CHECKPOINT;
});
my $verify = q{SELECT coalesce(attribute, '-') || ': ' || problem FROM footfall.verify('events')};
is($node->safe_psql('postgres', $verify), '', 'nothing to report of sound bytes');

my $toast = $node->safe_psql('postgres',
	q{SELECT reltoastrelid::regclass FROM pg_class WHERE oid = 'events'::regclass});
my $toast_file = $node->data_dir . '/'
  . $node->safe_psql('postgres', "SELECT pg_relation_filepath('$toast')");
my $table_file =
  $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('events')");
# Column and value of each chunk; the index (block maps and bloom filters) is column '-'.
my %values = map { split /\|/ } split /\n/, $node->safe_psql('postgres', q{
	SELECT a.attname, v.id FROM footfall.segment s, unnest(s.attributes, s.value_ids) AS v(attribute, id),
		pg_attribute a
	WHERE a.attrelid = 'events'::regclass AND a.attnum = v.attribute AND v.id <> 0
	UNION ALL SELECT '-', index_value FROM footfall.segment WHERE index_value <> 0});
ok(exists $values{'-'}, 'the segment has an index');

# A catalog row that says another length of the index than the index itself is damage, not a crash.
for my $length (1, -1, 1_000_000_000)
{
	my (undef, undef, $errors) = $node->psql('postgres', qq{
		\\set VERBOSITY sqlstate
		BEGIN;
		UPDATE footfall.segment SET index_bytes = $length WHERE index_value <> 0;
		SELECT count(*) FROM events WHERE customer = 77 AND ts < '2026-01-02';
		ROLLBACK;});
	like($errors, qr/XX001/, "an index of $length bytes is damage");
}

# Where in the file the bytes of a value's piece begin, and how many there are.
sub piece
{
	my ($value, $number) = @_;
	my $row = $node->safe_psql('postgres',
		"SELECT ctid, length(chunk_data) FROM $toast WHERE chunk_id = $value AND chunk_seq = $number");
	my ($block, $item, $length) = $row =~ /^\((\d+),(\d+)\)\|(\d+)$/ or die "no piece $number: $row";
	return ($block, $item, $length);
}

sub slurp_page
{
	my ($file, $block) = @_;
	open my $handle, '<:raw', $file or die "$file: $!";
	seek $handle, $block * 8192, 0;
	read $handle, my $page, 8192;
	return $page;
}

sub write_at
{
	my ($file, $offset, $bytes) = @_;
	open my $handle, '+<:raw', $file or die "$file: $!";
	seek $handle, $offset, 0;
	print $handle $bytes;
	close $handle or die $!;
}

# Offset in its page of an item's tuple.
sub item_offset
{
	my ($page, $item) = @_;
	return unpack('V', substr($page, 24 + 4 * ($item - 1), 4)) & 0x7fff;
}

# Runs verify on files changed by `damage`, which gets a function to flip one byte, and restores them.
sub with_damage
{
	my ($damage) = @_;
	my %before = map { $_ => slurp_file($_) } ($toast_file, $table_file);
	$damage->();
	$node->start;
	my @problems = split /\n/, $node->safe_psql('postgres', $verify);
	my %errors;
	foreach my $column (qw(id customer kind amount price ts session extra ok))
	{
		my (undef, undef, $stderr) = $node->psql('postgres',
			"SELECT count($column), max($column\::text) FROM events WHERE id > 0 AND note IS NULL",
			extra_params => [ '-v', 'VERBOSITY=sqlstate' ], on_error_stop => 1);
		$errors{$column} = $stderr =~ /ERROR:\s+(\w{5})/ ? $1 : '';
	}
	$node->stop;
	write_at($_, 0, $before{$_}) foreach keys %before;
	return (\@problems, \%errors);
}

# Flips a byte in the middle of a column's chunk, and one at each end, in turn: all columns at once.
foreach my $where (0, 0.5, 1)
{
	my %places;
	foreach my $column (grep { $_ ne '-' } keys %values)
	{
		my ($block, $item, $length) = piece($values{$column}, 0);
		$places{$column} = [ $block, $item, int($where * ($length - 1)) ];
	}
	$node->stop;
	my ($problems, $errors) = with_damage(
		sub {
			foreach my $place (values %places)
			{
				my ($block, $item, $at) = @$place;
				my $page = slurp_page($toast_file, $block);
				# Tuple header, chunk_id, chunk_seq, length word.
				my $offset = item_offset($page, $item) + 24 + 4 + 4 + 4 + $at;
				write_at($toast_file, $block * 8192 + $offset,
					chr(ord(substr($page, $offset, 1)) ^ 0x20));
			}
		});
	my @named = sort map { /^(\S+): / } @$problems;
	is_deeply(\@named, [ sort keys %places ], "a byte at $where of each chunk: every column is named");
	is(scalar(grep { /checksum/ } @$problems), scalar(keys %places), '... for its checksum')
	  or diag(join "\n", @$problems);
	is($errors->{$_}, 'XX001', "... reading $_ fails with XX001") foreach sort keys %places;
	$node->start;
}

# One column: the others can be read.
{
	my ($block, $item, $length) = piece($values{extra}, 0);
	$node->stop;
	my ($problems, $errors) = with_damage(
		sub {
			my $page = slurp_page($toast_file, $block);
			my $offset = item_offset($page, $item) + 24 + 4 + 4 + 4 + int($length / 3);
			write_at($toast_file, $block * 8192 + $offset, chr(ord(substr($page, $offset, 1)) ^ 1));
		});
	is(scalar(@$problems), 1, 'one damaged chunk, one problem') or diag(join "\n", @$problems);
	like($problems->[0], qr/^extra: /, '... of its column');
	is($errors->{extra}, 'XX001', '... which cannot be read');
	is($errors->{$_}, '', "... while $_ can") foreach qw(id customer kind amount price ts session ok);
	$node->start;
}

# The index: block maps and bloom filters are not believed, the columns are still checked.
{
	my ($block, $item, $length) = piece($values{'-'}, 0);
	$node->stop;
	my ($problems) = with_damage(
		sub {
			my $page = slurp_page($toast_file, $block);
			my $offset = item_offset($page, $item) + 24 + 4 + 4 + 4 + int($length / 2);
			write_at($toast_file, $block * 8192 + $offset, chr(ord(substr($page, $offset, 1)) ^ 1));
		});
	is(scalar(@$problems), 1, 'a damaged index is one problem') or diag(join "\n", @$problems);
	like($problems->[0], qr/^-: block maps and bloom filters: /, '... and called by its name');
	$node->start;
}

# A missing piece of a chunk: its item is marked unused.
{
	my ($block, $item) = piece($values{session}, 1);
	$node->stop;
	my ($problems) = with_damage(
		sub { write_at($toast_file, $block * 8192 + 24 + 4 * ($item - 1), pack('V', 0)); });
	is(scalar(@$problems), 1, 'a missing piece is one problem') or diag(join "\n", @$problems);
	like($problems->[0], qr/^session: unexpected chunk number 2 \(expected 1\)/, '... of its column');
	$node->start;
}

# Hot rows: a page that is none, and a value whose first piece is missing.
{
	my $pages = $node->safe_psql('postgres', q{SELECT pg_relation_size('events') / 8192});
	my $long = $node->safe_psql('postgres',
		"SELECT min(chunk_id) FROM $toast WHERE chunk_id NOT IN (" . join(',', values %values) . ')');
	my ($block, $item) = piece($long, 0);
	my $last = $pages - 1;
	$node->stop;
	my ($problems) = with_damage(
		sub {
			write_at($toast_file, $block * 8192 + 24 + 4 * ($item - 1), pack('V', 0));
			# pd_lower beyond pd_upper
			write_at($table_file, $last * 8192 + 12, pack('vv', 8000, 100));
		});
	is(scalar(@$problems), 2, 'damage in two hot blocks is two problems') or diag(join "\n", @$problems);
	ok(scalar(grep { /^-: hot block $last: invalid page/ } @$problems), '... the page that is none')
	  or diag(join "\n", @$problems);
	ok(scalar(grep { /^note: hot row \(\d+,\d+\): (?:missing|unexpected) chunk number/ } @$problems),
		'... and the value without its first piece') or diag(join "\n", @$problems);
	$node->start;
}

is($node->safe_psql('postgres', $verify), '', 'nothing to report once the bytes are restored');
$node->stop;
done_testing();
