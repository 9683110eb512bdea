"""The benchmarks' own server, through scripts/server.sh, with the settings that figures are taken with."""
import os
import subprocess

from event_log import ROOT

SCRIPT = os.path.join(ROOT, "scripts", "server.sh")


class PrivateServer:
    def __init__(self, version, name, *settings):
        self.version, self.name = version, name
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        self.settings = [
            f"shared_buffers = {min(4096, memory // 4)}MB", "work_mem = 256MB", "maintenance_work_mem = 256MB",
            "max_wal_size = 16GB", "checkpoint_timeout = 1h", "jit = off", "max_parallel_workers_per_gather = 2",
            "autovacuum = off", "shared_preload_libraries = 'footfall'", "footfall.max_workers = 0", *settings]

    def start(self):
        """Starts, or starts again; sets PGHOST and the rest. Returns the data directory."""
        subprocess.run([SCRIPT, "start", self.version, self.name, *self.settings], check=True, stdout=subprocess.DEVNULL)
        lines = subprocess.run(
            ["bash", "-c", f'eval "$("{SCRIPT}" env {self.version} {self.name})"; '
             'echo "$PATH"; echo "$PGHOST"; echo "$PGPORT"; echo "$PGUSER"'],
            check=True, capture_output=True, text=True).stdout.splitlines()
        os.environ.update(zip(("PATH", "PGHOST", "PGPORT", "PGUSER"), lines))
        return subprocess.run(["psql", "-XAtc", "SHOW data_directory", "postgres"], check=True,
                              capture_output=True, text=True).stdout.strip()

    def stop(self):
        subprocess.run([SCRIPT, "stop", self.version, self.name], check=True)

    def destroy(self):
        subprocess.run([SCRIPT, "destroy", self.version, self.name], check=False)
