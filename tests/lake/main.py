"""main.py BINDIR PART...: see README.md. The last line is 'N passed, N failed'."""

import os
import random
import signal
import sys
import time
import traceback

from damage import damage, unmount
from faults import http_faults
from journey import journey
from lake import Checks, Lake, make_store, start_server
from race import race

PARTS = ("journey", "damage", "race", "faults")


def run(part, lake):
    if part == "faults":
        http_faults(lake)
        return
    lake.create()
    if part == "journey":
        journey(lake, os.environ["LAKE_SIMULATOR"], os.environ.get("LAKE_READERS", "1") != "0")
    elif part == "damage":
        damage(lake)
    else:
        race(lake, os.environ.get("LAKE_SEED") or str(random.SystemRandom().randrange(10**9)))


def main():
    # Whoever ends this ends what it has started.
    signal.signal(signal.SIGTERM, lambda *unused: sys.exit(1))
    bin_dir, *parts = sys.argv[1:]
    checks = Checks()
    for name in os.environ.get("LAKE_STORES", "file s3 hdfs").split():
        for part in parts or PARTS:
            if part == "faults" and name == "file":
                continue  # nothing to stand between; tests/tap/030 has the steps, damage the disk
            began, before = time.monotonic(), (checks.passed, checks.failed)
            server = start_server(bin_dir, f"lake-{os.getpid()}")
            store = make_store(name, server)
            lake = Lake(server, store, checks, name)
            try:
                store.start()
                run(part, lake)
            except Exception:  # pylint: disable=broad-except
                checks(False, f"{name}: {part} broke off", traceback.format_exc(),
                       server.log.read_text(errors="replace")[-3000:])
            finally:
                lake.close()
                unmount(lake)
                store.close()
                server.close(keep=os.environ.get("LAKE_KEEP", "") != "")
            print(f"{name}: {part}: {checks.passed - before[0]} passed, {checks.failed - before[1]} failed, "
                  f"{time.monotonic() - began:.0f} s", flush=True)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed or not checks.passed else 0


if __name__ == "__main__":
    sys.exit(main())
