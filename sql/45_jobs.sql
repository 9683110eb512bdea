-- Jobs that keep managed tables: their state, their history, and running them.

-- One row per table and job: the last run (started is -infinity before the first) and the next. Attempts are counted before a run, so that a job that takes its
-- server process down is not tried again at once. Neither table is dumped: a restored database has not run anything.
CREATE TABLE footfall.job (
    relation pg_catalog.regclass NOT NULL,
    job pg_catalog.text NOT NULL,
    started pg_catalog.timestamptz NOT NULL,
    finished pg_catalog.timestamptz,
    next_start pg_catalog.timestamptz NOT NULL,
    attempts pg_catalog.int4 NOT NULL,
    error pg_catalog.text,
    CONSTRAINT job_pkey PRIMARY KEY (relation, job)
);

-- One row per run that has ended, kept for 30 days.
CREATE TABLE footfall.job_run (
    relation pg_catalog.regclass NOT NULL,
    started pg_catalog.timestamptz NOT NULL,
    job pg_catalog.text NOT NULL,
    finished pg_catalog.timestamptz,
    rows pg_catalog.int8 NOT NULL,
    bytes pg_catalog.int8 NOT NULL,
    attempt pg_catalog.int4 NOT NULL,
    done pg_catalog.text,
    sqlstate pg_catalog.text,
    error pg_catalog.text,
    CONSTRAINT job_run_pkey PRIMARY KEY (relation, started, job)
);

ALTER TABLE footfall.job REPLICA IDENTITY NOTHING;
ALTER TABLE footfall.job_run REPLICA IDENTITY NOTHING;
REVOKE ALL ON footfall.job, footfall.job_run FROM PUBLIC;

CREATE PROCEDURE footfall.run_jobs(
    relation pg_catalog.regclass DEFAULT NULL,
    as_of pg_catalog.timestamptz DEFAULT NULL)
    LANGUAGE c AS 'MODULE_PATHNAME', 'footfall_run_jobs';
COMMENT ON PROCEDURE footfall.run_jobs(pg_catalog.regclass, pg_catalog.timestamptz) IS
    'Runs the jobs that are due for your managed tables, or all jobs of one table at once: makes partitions, moves strays, seals, compacts, drops what is too old, archives. Each as the owner of its table, each in transactions of its own. Example: CALL footfall.run_jobs()';

CREATE PROCEDURE footfall.retain(
    relation pg_catalog.regclass,
    as_of pg_catalog.timestamptz DEFAULT NULL)
    LANGUAGE c AS 'MODULE_PATHNAME', 'footfall_retain';
COMMENT ON PROCEDURE footfall.retain(pg_catalog.regclass, pg_catalog.timestamptz) IS
    'Drops the partitions of a managed table that are older than its retain setting. Example: CALL footfall.retain(''events'')';

-- Whoever runs a job holds an advisory lock of its table, its number and 65283, which pg_locks shows as a smallint.
CREATE VIEW footfall.jobs WITH (security_barrier) AS
SELECT j.relation AS relation,
    j.job AS job,
    CASE WHEN l.pid IS NOT NULL THEN 'running'
        WHEN j.error IS NOT NULL THEN 'failed'
        WHEN NOT pg_catalog.isfinite(j.started) THEN 'waiting'
        WHEN j.finished IS NULL THEN 'interrupted'
        ELSE 'done' END AS state,
    l.pid AS pid,
    CASE WHEN pg_catalog.isfinite(j.started) THEN j.started END AS last_started,
    j.finished AS last_finished,
    j.next_start AS next_start,
    j.attempts AS attempts,
    j.error AS error
FROM footfall.job j
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) j.relation
LEFT JOIN pg_catalog.pg_locks l ON l.locktype OPERATOR(pg_catalog.=) 'advisory'
    AND l.database OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d
        WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
    AND l.classid OPERATOR(pg_catalog.=) j.relation::pg_catalog.oid
    AND l.objid OPERATOR(pg_catalog.=) (CASE WHEN j.job OPERATOR(pg_catalog.=) 'partitions' THEN 0
        WHEN j.job OPERATOR(pg_catalog.=) 'seal' THEN 1 WHEN j.job OPERATOR(pg_catalog.=) 'compact' THEN 2
        WHEN j.job OPERATOR(pg_catalog.=) 'retain' THEN 3 WHEN j.job OPERATOR(pg_catalog.=) 'archive' THEN 4 END)::pg_catalog.oid
    AND l.objsubid OPERATOR(pg_catalog.=) (-253)::pg_catalog.int2
    AND l.granted
WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE');
COMMENT ON VIEW footfall.jobs IS
    'The jobs of your managed tables: state (waiting for its first run, running, done, failed, interrupted), last and next run, failed attempts in a row, the last error. Example: SELECT * FROM footfall.jobs WHERE error IS NOT NULL';

CREATE VIEW footfall.job_history WITH (security_barrier) AS
SELECT r.relation AS relation,
    r.job AS job,
    r.started AS started,
    r.finished OPERATOR(pg_catalog.-) r.started AS duration,
    r.rows AS rows,
    r.bytes AS bytes,
    r.attempt AS attempt,
    r.done AS done,
    r.sqlstate AS sqlstate,
    r.error AS error
FROM footfall.job_run r
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) r.relation
WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE');
COMMENT ON VIEW footfall.job_history IS
    'Runs of the jobs of your managed tables in the last 30 days: duration, rows and bytes worked on, the attempt, what was done, or the error. Example: SELECT * FROM footfall.job_history ORDER BY started DESC LIMIT 20';

GRANT SELECT ON footfall.jobs, footfall.job_history TO PUBLIC;
