# Unlogged and temporary tables over a crash, dropped tables whose segments are purged, and a million deletes of sealed
# rows at default settings. (Random crashes under load are in tests/crash.)
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init;
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION footfall;
CREATE UNLOGGED TABLE unlogged (a int) USING footfall;
INSERT INTO unlogged SELECT generate_series(1, 1000);
CALL footfall.seal('unlogged');
DELETE FROM unlogged WHERE a = 1;
CREATE TABLE logged (a int) USING footfall;
INSERT INTO logged SELECT generate_series(1, 1000);
CALL footfall.seal('logged');
CREATE UNLOGGED TABLE kept (a int) USING footfall;
INSERT INTO kept SELECT generate_series(1, 1000);
CALL footfall.seal('kept');
ALTER TABLE kept SET LOGGED;
CHECKPOINT;
SQL
$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', 'SELECT count(*) FROM unlogged'), '0', 'an unlogged table is empty after a crash');
is($node->safe_psql('postgres', 'SELECT count(*) FROM logged'), '1000', 'a logged one is not');
is($node->safe_psql('postgres', 'SELECT count(*) FROM kept'), '1000', 'nor one that was unlogged once');
$node->safe_psql('postgres', "INSERT INTO unlogged VALUES (1), (2); CALL footfall.seal('unlogged')");
is($node->safe_psql('postgres', 'SELECT count(*) FROM unlogged'), '2', 'it can be used again');
$node->restart;
is($node->safe_psql('postgres', 'SELECT count(*) FROM unlogged'), '2', 'and survives a clean restart');

# Dropped in a session that never loaded the library, or with its schema, or its owner's objects.
$node->safe_psql('postgres', 'DROP TABLE kept');
$node->safe_psql('postgres', "CREATE SCHEMA s; CREATE TABLE s.t (a int) USING footfall; INSERT INTO s.t SELECT generate_series(1, 10); CALL footfall.seal('s.t')");
$node->safe_psql('postgres', 'DROP SCHEMA s CASCADE');
$node->safe_psql('postgres', "CREATE ROLE r; CREATE TABLE owned (a int) USING footfall; INSERT INTO owned SELECT generate_series(1, 10); CALL footfall.seal('owned'); ALTER TABLE owned OWNER TO r");
$node->safe_psql('postgres', 'DROP OWNED BY r; DROP ROLE r');
is($node->safe_psql('postgres', 'SELECT count(*) FROM footfall.segment s WHERE NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.reltoastrelid = s.storage)'),
	'0', 'no segment of a dropped table is left');

# A session that ends without COMMIT takes its temporary tables along.
$node->safe_psql('postgres', "CREATE TEMPORARY TABLE t (a int) USING footfall; INSERT INTO t SELECT generate_series(1, 100); CALL footfall.seal('t')");
is($node->safe_psql('postgres', 'SELECT count(*) FROM footfall.unlogged_segment u WHERE NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.reltoastrelid = u.storage)'),
	'0', 'no segment of a temporary table is left');

# The lock table has some thousand entries: a million deletes must not fill it.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE many (a int, b text) USING footfall;
INSERT INTO many SELECT i, 'b' || i % 100 FROM generate_series(1, 1000000) i;
CALL footfall.seal('many');
SQL
is($node->safe_psql('postgres', 'BEGIN; DELETE FROM many WHERE a <= 999990; SELECT count(*) FROM many; COMMIT'), '10',
	'a million sealed rows deleted in one transaction at default settings');
is($node->safe_psql('postgres', 'SELECT count(*), sum(a) FROM many'), '10|9999955', 'and they stay deleted');
$node->safe_psql('postgres', "CALL footfall.compact('many'); VACUUM many");
is($node->safe_psql('postgres', 'SELECT count(*), sum(a) FROM many'), '10|9999955', 'and compact drops them');
is($node->safe_psql('postgres', 'SELECT sum(sealed_rows + hot_rows), sum(deleted_rows) FROM footfall.storage(\'many\')'), '10|0', 'for good');

ok(!$node->log_contains('terminated by signal'), 'no process crashed');
ok(!$node->log_contains('PANIC'), 'nor panicked');
$node->stop;

done_testing();
