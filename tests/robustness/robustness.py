"""What a backend must stand: `cancels` and `leak`. README.md says how."""

import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests", "oracle"), os.path.join(ROOT, "bench", "queries"), os.path.join(ROOT, "bench")]

import cancels  # noqa: E402
import leak  # noqa: E402
from server import Server  # noqa: E402
from shop import Shop  # noqa: E402

CHECKS = {"cancels": cancels.check, "leak": leak.check}


def main(bin_dir, version, wanted):
    unknown = [name for name in wanted if name not in CHECKS]
    if unknown:
        sys.exit("there is no check %s: there are %s" % (unknown[0], ", ".join(CHECKS)))
    seed = int(os.environ.get("ROBUSTNESS_SEED") or random.randrange(1 << 31))
    print("ROBUSTNESS_SEED=%d" % seed)
    settings = ["shared_buffers = '512MB'", "work_mem = '64MB'", "max_wal_size = '4GB'", "jit = off", "autovacuum = off",
                "fsync = off", "max_parallel_workers_per_gather = 2", "max_prepared_transactions = 2"]
    server = Server(bin_dir, "robustness-%s" % version, settings)
    results = []
    try:
        server.start()
        for name in wanted or CHECKS:
            shop = Shop(server, random.Random(seed))
            for title, wrong in CHECKS[name](shop):
                results.append(not wrong)
                print("%s %s%s" % ("FAILED" if wrong else "ok", title, ": " + wrong if wrong else ""))
            shop.drop()
    finally:
        server.close()
    passed = sum(results)
    print("%d passed, %d failed" % (passed, len(results) - passed))
    return 0 if results and passed == len(results) else 1


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: tests/robustness/run BINDIR VERSION [cancels] [leak]")
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
