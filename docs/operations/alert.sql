-- What has failed or fallen behind: no row means that all is well. For the tables' owners and superusers.
SELECT relation, job, state, attempts, next_start, error
FROM footfall.jobs
WHERE attempts >= 3
    OR state = 'interrupted'
    OR (state <> 'running' AND next_start < now() - interval '1 hour')
UNION ALL
-- Managed tables whose jobs nobody runs.
SELECT s.relation, 'partitions', 'never run', 0, NULL, NULL
FROM footfall.settings s
WHERE s.setting = 'partition_interval'
    AND NOT EXISTS (SELECT FROM footfall.jobs j WHERE j.relation = s.relation AND j.job = 'partitions');
