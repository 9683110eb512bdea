#!/bin/bash
# The archive's tests against real stores on the loopback; the last line is 'N passed, N failed'.
#
#   scripts/test_stores.sh [gtest filter]
#
# S3 is versitygw (built by go), HDFS a NameNode and a DataNode (fetched by maven, run by java); both
# are put into build/stores and stay there. Needs build/pg15/archive_tests: TARGETS=all scripts/build.sh.
set -uo pipefail
. "$(dirname "$0")/environment.sh"

versitygw_version=v1.8.0
hadoop_version=3.5.0
binary=${ARCHIVE_TESTS:-$FOOTFALL_BUILD/pg${FOOTFALL_VERSIONS%% *}/archive_tests}
stores=$FOOTFALL_BUILD/stores
logs=$FOOTFALL_BUILD/logs
processes=""
mkdir -p "$stores" "$logs"

give_up() {
    echo "footfall: $*" >&2
    echo "0 passed, 1 failed"
    exit 1
}

[ -x "$binary" ] || give_up "there is no $binary: run TARGETS=all scripts/build.sh."
for program in go java mvn; do
    command -v $program >/dev/null || give_up "the real stores need $program."
done

install_versitygw() {
    [ -x "$stores/versitygw" ] && return
    say "building versitygw $versitygw_version"
    GOPATH=$stores/go GOBIN=$stores GOFLAGS=-modcacherw go install \
        "github.com/versity/versitygw/cmd/versitygw@$versitygw_version" >"$logs/versitygw-build.log" 2>&1 ||
        give_up "go could not build versitygw; see $logs/versitygw-build.log."
    rm -rf "$stores/go"
}

install_hadoop() {
    [ -e "$stores/hadoop-$hadoop_version" ] && return
    say "fetching HDFS $hadoop_version"
    rm -rf "$stores/hadoop"
    mkdir -p "$stores/hadoop"
    cat >"$stores/hadoop/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>footfall</groupId><artifactId>hdfs</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
$(for artifact in hadoop-common hadoop-hdfs hadoop-hdfs-client; do
    echo "    <dependency><groupId>org.apache.hadoop</groupId><artifactId>$artifact</artifactId><version>$hadoop_version</version></dependency>"
done)
  </dependencies>
</project>
POM
    (cd "$stores/hadoop" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=libs \
        -DincludeScope=runtime >"$logs/hadoop-fetch.log" 2>&1) ||
        give_up "maven could not fetch HDFS; see $logs/hadoop-fetch.log."
    touch "$stores/hadoop-$hadoop_version"
}

free_ports() {
    python3 - "$1" <<'PYTHON'
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for one in sockets:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))
PYTHON
}

# Ends what this run started, and nothing else.
stop_stores() {
    local process
    for process in $processes; do
        kill "$process" 2>/dev/null
        wait "$process" 2>/dev/null
    done
    rm -rf "$data"
}

# wait_for WHAT PROCESS COMMAND...: until the command succeeds, at most a minute.
wait_for() {
    local what=$1 process=$2 tries=0
    shift 2
    until "$@" >/dev/null 2>&1; do
        kill -0 "$process" 2>/dev/null || give_up "$what ended; see $logs."
        tries=$((tries + 1))
        [ $tries -lt 300 ] || give_up "$what did not start within a minute; see $logs."
        sleep 0.2
    done
}

# A key of server configuration: property NAME VALUE
property() {
    echo "<property><name>$1</name><value>$2</value></property>"
}

start_versitygw() {
    mkdir -p "$data/s3/footfall"
    "$stores/versitygw" --port "127.0.0.1:$s3_port" --access footfalltest --secret footfalltest \
        posix "$data/s3" >"$logs/versitygw.log" 2>&1 &
    processes="$processes $!"
    wait_for versitygw $! bash -c "exec 3<>/dev/tcp/127.0.0.1/$s3_port"
    export FOOTFALL_TEST_S3=http://127.0.0.1:$s3_port
}

hdfs_daemon() {
    local name=$1
    shift
    java -Xmx256m -cp "$data/conf:$stores/hadoop/libs/*" "$@" >"$logs/$name.log" 2>&1 &
    processes="$processes $!"
}

start_hdfs() {
    mkdir -p "$data/conf/webapps/hdfs" "$data/conf/webapps/datanode"
    { echo "<configuration>"; property fs.defaultFS "hdfs://127.0.0.1:$rpc_port"; echo "</configuration>"; } \
        >"$data/conf/core-site.xml"
    {
        echo "<configuration>"
        property dfs.replication 1
        property dfs.permissions.enabled false
        property dfs.namenode.name.dir "$data/name"
        property dfs.datanode.data.dir "$data/data"
        property dfs.namenode.rpc-address "127.0.0.1:$rpc_port"
        property dfs.namenode.http-address "127.0.0.1:$http_port"
        property dfs.datanode.address "127.0.0.1:$data_port"
        property dfs.datanode.http.address "127.0.0.1:$data_http_port"
        property dfs.datanode.ipc.address "127.0.0.1:$data_ipc_port"
        property dfs.datanode.hostname 127.0.0.1
        property dfs.client.use.datanode.hostname true
        property dfs.namenode.datanode.registration.ip-hostname-check false
        property dfs.namenode.safemode.extension 0
        echo "</configuration>"
    } >"$data/conf/hdfs-site.xml"
    java -cp "$data/conf:$stores/hadoop/libs/*" org.apache.hadoop.hdfs.server.namenode.NameNode \
        -format -force -nonInteractive >"$logs/namenode-format.log" 2>&1 ||
        give_up "the NameNode could not be formatted; see $logs/namenode-format.log."
    hdfs_daemon namenode org.apache.hadoop.hdfs.server.namenode.NameNode
    hdfs_daemon datanode org.apache.hadoop.hdfs.server.datanode.DataNode
    # Ready when a file can be written, which needs the DataNode.
    cat >"$data/ready.py" <<'PYTHON'
import sys, urllib.error, urllib.request
url = f"http://127.0.0.1:{sys.argv[1]}/webhdfs/v1/ready?op=CREATE&overwrite=true&user.name=footfall"
class Keep(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *rest):
        return None
try:
    urllib.request.build_opener(Keep, urllib.request.ProxyHandler({})).open(urllib.request.Request(url, method="PUT"))
except urllib.error.HTTPError as answer:
    sys.exit(0 if answer.code == 307 else 1)
sys.exit(1)
PYTHON
    wait_for HDFS "${processes##* }" python3 "$data/ready.py" "$http_port"
    export FOOTFALL_TEST_HDFS=127.0.0.1:$http_port
}

install_versitygw
install_hadoop
data=$(mktemp -d)
trap stop_stores EXIT
read -r s3_port rpc_port http_port data_port data_http_port data_ipc_port <<<"$(free_ports 6)"
start_versitygw
start_hdfs

report=$logs/stores.json
rm -f "$report"
"$binary" --gtest_brief=1 --gtest_filter="${1:-*}" --gtest_output=json:"$report"
status=$?
counts=$(python3 - "$report" <<'PYTHON'
import json, sys
try:
    report = json.load(open(sys.argv[1]))
except OSError:
    print(0, 1)
else:
    print(report["tests"] - report["failures"] - report["disabled"], report["failures"])
PYTHON
)
read -r passed failed <<<"$counts"
[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
