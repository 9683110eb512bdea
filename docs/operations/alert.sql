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
    AND NOT EXISTS (SELECT FROM footfall.jobs j WHERE j.relation = s.relation AND j.job = 'partitions')
UNION ALL
-- Objects in archives: begun a day ago and not ended, or left behind, and nobody calls footfall.archive_vacuum.
SELECT o.relation, 'archive', o.state, o.attempt, NULL, format('object %s on server %s since %s', o.object, o.server, o.changed_at)
FROM footfall.archive_objects o
WHERE (o.state NOT IN ('switched', 'leaving') AND o.changed_at < now() - interval '1 day')
    OR (o.state = 'leaving' AND o.changed_at < now() - interval '9 days');
