#!/bin/bash
# Puts real stores, and on request other engines that read archives, into build/stores. Idempotent.
#
#   scripts/install_stores.sh [readers]
#
# S3 is versitygw (built by go), HDFS a NameNode and a DataNode (fetched by maven, run by java). The
# readers are delta-rs, DuckDB and Spark: a Python environment, and two of Delta's jars.
set -euo pipefail
. "$(dirname "$0")/environment.sh"

versitygw_version=v1.8.0
hadoop_version=3.5.0
delta_version=3.3.2
python_packages="deltalake==1.6.6 duckdb==1.5.5 duckdb-extension-delta==1.5.5 duckdb-extension-httpfs==1.5.5
    pyarrow==26.0.1 pyspark==3.5.9"
stores=$FOOTFALL_BUILD/stores
logs=$FOOTFALL_BUILD/logs
mkdir -p "$stores" "$logs"

needs() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || die "the real stores and readers need $program."
    done
}

install_versitygw() {
    [ ! -x "$stores/versitygw" ] || return 0
    say "building versitygw $versitygw_version"
    GOPATH=$stores/go GOBIN=$stores GOFLAGS=-modcacherw go install \
        "github.com/versity/versitygw/cmd/versitygw@$versitygw_version" >"$logs/versitygw-build.log" 2>&1 ||
        die "go could not build versitygw; see $logs/versitygw-build.log."
    rm -rf "$stores/go"
}

# fetch_jars DIRECTORY GROUP:ARTIFACT:VERSION...: these and what they need at run time, into DIRECTORY/libs.
fetch_jars() {
    local directory=$1 one group artifact version
    shift
    rm -rf "$directory"
    mkdir -p "$directory"
    {
        echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        echo '<groupId>footfall</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>'
        echo '<dependencies>'
        for one in "$@"; do
            IFS=: read -r group artifact version <<<"$one"
            echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency>"
        done
        echo '</dependencies></project>'
    } >"$directory/pom.xml"
    (cd "$directory" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=libs \
        -DincludeScope=runtime >"$logs/$(basename "$directory")-fetch.log" 2>&1) ||
        die "maven could not fetch $*; see $logs/$(basename "$directory")-fetch.log."
}

install_hadoop() {
    [ ! -e "$stores/hadoop-$hadoop_version" ] || return 0
    say "fetching HDFS $hadoop_version"
    fetch_jars "$stores/hadoop" "org.apache.hadoop:hadoop-common:$hadoop_version" \
        "org.apache.hadoop:hadoop-hdfs:$hadoop_version" "org.apache.hadoop:hadoop-hdfs-client:$hadoop_version"
    touch "$stores/hadoop-$hadoop_version"
}

install_readers() {
    local wanted
    wanted=$(printf '%s %s' "$delta_version" "$python_packages" | cksum | cut -d' ' -f1)
    [ ! -e "$stores/readers-$wanted" ] || return 0
    say "fetching delta-rs, DuckDB and Spark"
    rm -rf "$stores/venv"
    python3 -m venv "$stores/venv"
    # shellcheck disable=SC2086
    "$stores/venv/bin/python" -m pip -q install $python_packages >"$logs/readers-fetch.log" 2>&1 ||
        die "pip could not fetch the readers; see $logs/readers-fetch.log."
    fetch_jars "$stores/spark" "io.delta:delta-spark_2.12:$delta_version"
    touch "$stores/readers-$wanted"
}

needs go java mvn python3
install_versitygw
install_hadoop
[ "${1:-}" != readers ] || install_readers
