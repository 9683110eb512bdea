"""Another engine counts and sums an archive: readers.py delta-rs|DuckDB|Spark JOB, the job as JSON; prints JSON.

The store is read as that engine reads it: delta-rs and DuckDB through S3's protocol, Spark and delta-rs
through HDFS's own. DuckDB has no HDFS and Spark here no S3: those two read the files (of HDFS: a copy).
"""

import json
import pathlib
import sys

SUMS = ("count(*) AS a, sum(customer_id) AS b, sum(amount) AS c, count(amount) AS d, count(DISTINCT event_type) AS e, "
        "sum(product_id) AS f, sum(CASE WHEN customer_id = 21 THEN 1 ELSE 0 END) AS g")


def joined(rows):
    return {row[0]: "|".join(str(value) for value in row[1:]) for row in rows}


def hdfs_address(job):
    return f"hdfs://127.0.0.1:{job['rpc']}/{job['prefix']}/{job['table']}"


def with_delta_rs(job):
    import pyarrow.compute as compute
    from deltalake import DeltaTable

    options = None
    address = job.get("local", "") + "/" + job["table"]
    if job["store"] == "s3":
        address = f"s3://{job['bucket']}/{job['prefix']}/{job['table']}"
        options = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{job['port']}", "AWS_ACCESS_KEY_ID": job["access"],
                   "AWS_SECRET_ACCESS_KEY": job["secret"], "AWS_REGION": "us-east-1", "AWS_ALLOW_HTTP": "true"}
    elif job["store"] == "hdfs":
        address = hdfs_address(job)
    table = DeltaTable(address, storage_options=options)
    rows = []
    for partition in job["partitions"]:
        found = table.to_pyarrow_table(partitions=[("footfall_partition", "=", partition)],
                                       columns=["customer_id", "amount", "event_type", "product_id"])
        rows.append((partition, found.num_rows, compute.sum(found["customer_id"]), compute.sum(found["amount"]),
                     found.num_rows - found["amount"].null_count, compute.count_distinct(found["event_type"]),
                     compute.sum(compute.cast(found["product_id"], "int64")), compute.sum(compute.equal(found["customer_id"], 21)).as_py() or 0))
    return joined(rows)


def with_duckdb(job):
    import duckdb
    import duckdb_extension_delta
    import duckdb_extension_httpfs

    connection = duckdb.connect()
    for package, name in (duckdb_extension_httpfs, "httpfs"), (duckdb_extension_delta, "delta"):
        extension, = pathlib.Path(package.__file__).parent.glob(f"extensions/*/{name}.duckdb_extension")
        connection.execute(f"LOAD '{extension}'")
    address = job.get("local", "") + "/" + job["table"]
    if job["store"] == "s3":
        address = f"s3://{job['bucket']}/{job['prefix']}/{job['table']}"
        connection.execute(f"CREATE SECRET (TYPE s3, KEY_ID '{job['access']}', SECRET '{job['secret']}', REGION 'us-east-1', "
                           f"ENDPOINT '127.0.0.1:{job['port']}', URL_STYLE 'path', USE_SSL false)")
    names = ", ".join(f"'{name}'" for name in job["partitions"])
    return joined(connection.execute(f"SELECT footfall_partition, {SUMS} FROM delta_scan('{address}') "
                                     f"WHERE footfall_partition IN ({names}) GROUP BY 1").fetchall())


def with_spark(job):
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[1]").appName("lake")
    for name, value in {"spark.driver.memory": "1g", "spark.ui.enabled": "false", "spark.driver.bindAddress": "127.0.0.1",
                        "spark.driver.host": "127.0.0.1", "spark.jars": ",".join(map(str, sorted(
                            jar for jar in pathlib.Path(job["spark"]).glob("delta-*.jar")))),
                        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
                        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
                        "spark.sql.shuffle.partitions": "2", "spark.databricks.delta.snapshotPartitions": "2"}.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    address = hdfs_address(job) if job["store"] == "hdfs" else job["local"] + "/" + job["table"]
    spark.read.format("delta").load(address).createOrReplaceTempView("events")
    names = ", ".join(f"'{name}'" for name in job["partitions"])
    rows = spark.sql(f"SELECT footfall_partition, {SUMS} FROM events WHERE footfall_partition IN ({names}) GROUP BY 1").collect()
    spark.stop()
    return joined([tuple(row) for row in rows])


def main():
    readers = {"delta-rs": with_delta_rs, "DuckDB": with_duckdb, "Spark": with_spark}
    print(json.dumps(readers[sys.argv[1]](json.loads(sys.argv[2]))))


if __name__ == "__main__":
    main()
