"""Real stores on the loopback, each to be started, killed and started again: files, S3, HDFS.

As a program: runs a command with versitygw and HDFS up, whose addresses it finds in FOOTFALL_TEST_S3
and FOOTFALL_TEST_HDFS, and ends with the command's status. build/stores comes from
scripts/install_stores.sh. Only processes started here are ended.
"""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build"
INSTALLED = BUILD / "stores"
LOGS = BUILD / "logs"
BUCKET = "footfall"
ACCESS_KEY, SECRET_KEY, HDFS_USER = "plantedaccess", "plantedsecret", "planteduser"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


class Store:
    """What a test needs of a store. Keys are relative to `prefix` of the server's location."""

    prefix = "lake"

    def start(self):
        pass

    def kill(self):
        """kill -9 of all of its processes."""

    def close(self):
        self.kill()

    def ports(self):
        """Those that requests go to, the first of which the location or endpoint names."""
        return []

    def options(self, port):
        """Options of CREATE SERVER and of CREATE USER MAPPING, when requests go to `port`."""
        raise NotImplementedError

    def keys(self, folder=""):
        """Every object below a folder ("" or one that ends in a slash) and what is left of unfinished ones, as a set."""
        raise NotImplementedError

    def read(self, key):
        raise NotImplementedError

    def write(self, key, content):
        raise NotImplementedError

    def wait(self, ready, processes, seconds=300):
        end = time.monotonic() + seconds
        while not ready():
            if any(process.poll() is not None for process in processes) or time.monotonic() > end:
                raise RuntimeError(f"{type(self).__name__} did not start; its logs are in {LOGS}")
            time.sleep(0.1)


class FileStore(Store):
    """A directory of the server's."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)

    def options(self, port):
        return {"location": f"file://{self.directory}"}, {}

    def keys(self, folder=""):
        return files_below(self.directory, folder)

    def read(self, key):
        return (self.directory / key).read_bytes()

    def write(self, key, content):
        path = self.directory / key
        owner = path.stat() if path.exists() else self.directory.stat()
        path.write_bytes(content)
        os.chown(path, owner.st_uid, owner.st_gid)


class S3Store(Store):
    """versitygw, which keeps objects as files of their names."""

    def __init__(self, access_key=ACCESS_KEY, secret_key=SECRET_KEY):
        self.access_key, self.secret_key = access_key, secret_key
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="footfall-s3-"))
        self.directory = self.data / "objects" / BUCKET / self.prefix
        self.directory.parent.mkdir(parents=True)
        self.port = free_port()
        self.process = None

    def start(self):
        LOGS.mkdir(parents=True, exist_ok=True)
        with open(LOGS / "versitygw.log", "ab") as log:
            self.process = subprocess.Popen(
                [INSTALLED / "versitygw", "--port", f"127.0.0.1:{self.port}", "--access", self.access_key,
                 "--secret", self.secret_key, "posix", self.data / "objects"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.wait(lambda: answers(self.port), [self.process])

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def close(self):
        self.kill()
        shutil.rmtree(self.data, ignore_errors=True)

    def ports(self):
        return [self.port]

    def options(self, port):
        return ({"location": f"s3://{BUCKET}/{self.prefix}", "endpoint": f"http://127.0.0.1:{port}", "region": "us-east-1"},
                {"access_key": self.access_key, "secret_key": self.secret_key})

    def keys(self, folder=""):
        # Uploads in parts that nobody has completed or ended.
        parts = self.directory.parent / ".sgwtmp" / "multipart"
        return files_below(self.directory, folder) | {f"upload {path}" for path in files_below(parts, "")}

    def read(self, key):
        return (self.directory / key).read_bytes()

    def write(self, key, content):
        with open(self.directory / key, "r+b" if (self.directory / key).exists() else "wb") as file:
            file.truncate(0)
            file.write(content)


class HdfsStore(Store):
    """A NameNode and a DataNode."""

    def __init__(self):
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="footfall-hdfs-"))
        self.rpc, self.http, data, self.data_http, ipc = (free_port() for _ in range(5))
        self.processes = []
        conf = self.data / "conf"
        for name in ("hdfs", "datanode"):
            (conf / "webapps" / name).mkdir(parents=True)
        write_configuration(conf / "core-site.xml", {"fs.defaultFS": f"hdfs://127.0.0.1:{self.rpc}"})
        write_configuration(conf / "hdfs-site.xml", {
            "dfs.replication": 1,
            "dfs.permissions.enabled": "false",
            "dfs.namenode.name.dir": self.data / "name",
            "dfs.datanode.data.dir": self.data / "data",
            "dfs.namenode.rpc-address": f"127.0.0.1:{self.rpc}",
            "dfs.namenode.http-address": f"127.0.0.1:{self.http}",
            "dfs.datanode.address": f"127.0.0.1:{data}",
            "dfs.datanode.http.address": f"127.0.0.1:{self.data_http}",
            "dfs.datanode.ipc.address": f"127.0.0.1:{ipc}",
            "dfs.datanode.hostname": "127.0.0.1",
            "dfs.client.use.datanode.hostname": "true",
            "dfs.namenode.datanode.registration.ip-hostname-check": "false",
            "dfs.namenode.safemode.extension": 0,
        })
        self.formatted = False

    def java(self, name, *arguments):
        with open(LOGS / f"{name}.log", "ab") as log:
            return subprocess.Popen(
                ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp",
                 f"{self.data / 'conf'}:{INSTALLED / 'hadoop' / 'libs'}/*", *arguments],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def start(self):
        LOGS.mkdir(parents=True, exist_ok=True)
        namenode = "org.apache.hadoop.hdfs.server.namenode.NameNode"
        if not self.formatted:
            if self.java("namenode", namenode, "-format", "-force", "-nonInteractive").wait() != 0:
                raise RuntimeError(f"the NameNode could not be formatted; its log is in {LOGS}")
            self.formatted = True
        self.processes = [self.java("namenode", namenode),
                          self.java("datanode", "org.apache.hadoop.hdfs.server.datanode.DataNode")]
        self.wait(self.ready, self.processes)

    def ready(self):
        """When a file can be written and read, which needs the DataNode and the end of the safe mode."""
        try:
            self.request("PUT", "/ready", "CREATE&overwrite=true", b"ready")
            return self.request("GET", "/ready", "OPEN") == b"ready"
        except (OSError, urllib.error.URLError):
            return False

    def kill(self):
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()
        self.processes = []

    def close(self):
        self.kill()
        shutil.rmtree(self.data, ignore_errors=True)

    def ports(self):
        return [self.http, self.data_http]

    def options(self, port):
        return {"location": f"hdfs://127.0.0.1:{port}/{self.prefix}"}, {"user": HDFS_USER}

    def request(self, method, path, operation, content=None):
        """What WebHDFS answers in the end; PUT goes to the address that the first answer names."""
        url = f"http://127.0.0.1:{self.http}/webhdfs/v1{urllib.parse.quote(path)}?op={operation}&user.name=test"
        if content is not None:
            try:
                OPENER_THAT_STAYS.open(urllib.request.Request(url, method=method), timeout=10)
            except urllib.error.HTTPError as answer:
                if answer.code != 307:
                    raise
                url = answer.headers["Location"]
        with OPENER.open(urllib.request.Request(url, data=content, method=method), timeout=10) as answer:
            return answer.read()

    def keys(self, folder=""):
        try:
            listing = json.loads(self.request("GET", f"/{self.prefix}/{folder}".rstrip("/"), "LISTSTATUS"))
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return set()
            raise
        found = set()
        for status in listing["FileStatuses"]["FileStatus"]:
            name = folder + status["pathSuffix"]
            found |= self.keys(name + "/") if status["type"] == "DIRECTORY" else {name}
        return found

    def read(self, key):
        return self.request("GET", f"/{self.prefix}/{key}", "OPEN")

    def write(self, key, content):
        self.request("PUT", f"/{self.prefix}/{key}", "CREATE&overwrite=true", content)


def files_below(directory, folder):
    return {str(path.relative_to(directory)) for path in (directory / folder).rglob("*") if path.is_file()}


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *rest):
        return None


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
OPENER_THAT_STAYS = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)


def write_configuration(path, properties):
    lines = [f"<property><name>{name}</name><value>{value}</value></property>" for name, value in properties.items()]
    path.write_text("<configuration>\n" + "\n".join(lines) + "\n</configuration>\n", encoding="ascii")


def main():
    s3, hdfs = S3Store("footfalltest", "footfalltest"), HdfsStore()
    try:
        s3.start()
        hdfs.start()
        environment = {**os.environ, "FOOTFALL_TEST_S3": f"http://127.0.0.1:{s3.port}",
                       "FOOTFALL_TEST_HDFS": f"127.0.0.1:{hdfs.http}"}
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode
    finally:
        s3.close()
        hdfs.close()


if __name__ == "__main__":
    sys.exit(main())
