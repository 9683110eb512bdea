"""Objects that somebody shortens, alters or takes away, a damaged log, and a store that is full."""

import subprocess

ROWS = 60000


def damage(lake):
    lake.sql("CREATE TABLE events (id int, customer int, note text) USING footfall")
    lake.sql("SELECT footfall.configure('events', customer_column => 'customer')")
    lake.sql(f"INSERT INTO events SELECT i, i % 100, md5(i::text) FROM generate_series(1, {ROWS}) i")
    lake.sql("CREATE TABLE twin AS TABLE events")
    full_store(lake)
    lake.sql("CALL footfall.archive('events', 'lake')")
    lake.agree("before damage")
    key, = lake.objects("public.events")
    whole = lake.store.read(key)
    for title, content in altered(whole):
        lake.store.write(key, content)
        read = lake.run("SELECT count(*), sum(id), sum(hashtextextended(note, 1)) FROM events")
        right = lake.sql("SELECT count(*), sum(id), sum(hashtextextended(note, 1)) FROM twin")
        lake.check(read.rows == right if read.ok else read.sqlstate in ("XX001", "58030"),
                   f"{lake.name}: {title}: the rows as they were, or an error", read, read.rows)
        if title == "a byte longer":
            lake.store.write(key, whole)  # nobody asks for that byte
            continue
        problems = lake.text("SELECT * FROM footfall.verify('events')")
        lake.check(problems != "", f"{lake.name}: {title}: verify notices")
        back = lake.run("CALL footfall.unarchive('events')")
        lake.check(not back.ok and back.sqlstate in ("XX001", "58030"), f"{lake.name}: {title}: does not come back", back)
        erased = lake.run("CALL footfall.erase('events', '1000')")
        lake.check(erased.ok or erased.sqlstate in ("XX001", "58030"), f"{lake.name}: {title}: an erase of nobody", erased)
        lake.store.write(key, whole)
    lake.same("whole again")
    damaged_log(lake)
    lake.sql("CALL footfall.unarchive('events')")
    lake.same("brought back")
    lake.agree("after damage")
    lake.shows_no_secret("after damage")


def altered(whole):
    yield "shortened by a byte", whole[:-1]
    yield "shortened to a half", whole[:len(whole) // 2]
    yield "emptied", b""
    yield "a byte longer", whole + b"x"
    for part in range(1, 8):
        at = len(whole) * part // 8
        yield f"altered at {part}/8", whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1:]


def damaged_log(lake):
    """A commit that cannot be read is an error, before anything is written."""
    commits = sorted(lake.store.keys("public.events/_delta_log/"))
    whole = lake.store.read(commits[-1])
    for table in ("events", "twin"):
        lake.sql(f"INSERT INTO {table} VALUES (0, 0, 'late')")
    for title, content in ("shortened", whole[:len(whole) // 2]), ("no JSON", b"{" + whole), ("emptied", b""):
        lake.store.write(commits[-1], content)
        result = lake.run("CALL footfall.archive('events', 'lake')")
        # A commit of nothing but an empty line says nothing: what it added is added anew.
        lake.check(result.ok if title == "emptied" and result.ok else result.sqlstate == "XX001", f"{lake.name}: the log {title}", result)
        lake.same(f"the log {title}")
    if not result.ok:
        lake.store.write(commits[-1], whole)
    lake.sql("CALL footfall.archive('events', 'lake')")
    lake.same("the log is whole again")
    lake.agree("the log is whole again")


def full_store(lake):
    """Says so, leaves every row where it was, and goes on when there is room."""
    lift = {"file": small_disk, "s3": small_bucket, "hdfs": quota}[lake.name](lake)
    if lift is None:
        print("    no file system can be mounted here: the full disk is left out", flush=True)
        return
    result = lake.run("CALL footfall.archive('events', 'lake')")
    # versitygw does not tell why it cannot: an internal error.
    lake.check(not result.ok and result.sqlstate in ("53100", "58030") and (lake.name == "s3" or result.sqlstate == "53100"),
               f"{lake.name}: the store is full", result)
    lake.same("in a full store")
    lake.check(lake.text("SELECT count(*) FROM footfall.archive_objects WHERE state = 'switched'") == "0", f"{lake.name}: nothing is switched")
    lift()
    lake.sql("CALL footfall.archive('events', 'lake')")
    lake.same("with room")
    lake.agree("with room")
    lake.sql("CALL footfall.unarchive('events')")
    lake.agree("with room, brought back")


def small_disk(lake):
    """The archive's directory."""
    directory = lake.store.directory / "public.events"
    directory.mkdir()
    lift = mount_small(lake, directory, lake.store.directory.stat())
    if lift is None:
        directory.rmdir()
    return lift


def small_bucket(lake):
    """The directory that versitygw keeps the bucket in, what is unfinished included."""
    return mount_small(lake, lake.store.directory.parent, lake.store.directory.parent.stat())


def mount_small(lake, directory, owner):
    """A file system of 512 kB, if one may be mounted; returns what makes it larger."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size=512k,mode=700,uid={owner.st_uid},gid={owner.st_gid}", "footfall", directory],
        check=False, capture_output=True)
    if mounted.returncode != 0:
        return None
    lake.mounted = directory
    return lambda: subprocess.run(["mount", "-o", "remount,size=64m", directory], check=True)


def quota(lake):
    """Blocks of 128 MB are counted whole when they are begun."""
    lake.store.request("PUT", "/lake", "MKDIRS")
    lake.store.request("PUT", "/lake", "SETQUOTA&namespacequota=9223372036854775807&storagespacequota=1000000")
    return lambda: lake.store.request("PUT", "/lake", "SETQUOTA&namespacequota=9223372036854775807&storagespacequota=-1")


def unmount(lake):
    if getattr(lake, "mounted", None) is not None:
        lake.store.kill()
        subprocess.run(["umount", lake.mounted], check=True)
