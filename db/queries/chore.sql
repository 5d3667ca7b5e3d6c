-- Work that comes again or is asked for.

-- name: chore_find
-- The open job of a kind and thing; job 0: none is open.
-- in: kind ref
-- out: job due_ms
SELECT coalesce(j.id, 0) AS job, coalesce(j.due_ms, 0) AS due_ms
  FROM upkeeps AS u LEFT JOIN jobs AS j ON j.id = u.job_id WHERE u.kind = @kind AND u.ref = @ref;

-- name: chore_put
-- Its new job.
-- in: kind ref job_id
INSERT INTO upkeeps (kind, ref, job_id) VALUES (@kind, @ref, @job_id)
    ON CONFLICT DO UPDATE SET job_id = excluded.job_id;

-- name: chore_ran
-- It went well.
-- in: kind ref now_ms
UPDATE upkeeps SET ran_ms = @now_ms, error = NULL WHERE kind = @kind AND ref = @ref;

-- name: chore_failed
-- It did not.
-- in: kind ref now_ms error
UPDATE upkeeps SET failed_ms = @now_ms, error = @error WHERE kind = @kind AND ref = @ref;

-- name: chore_state
-- How the last runs went.
-- in: kind ref
-- out: ran_ms failed_ms error
SELECT ran_ms, failed_ms, error FROM upkeeps WHERE kind = @kind AND ref = @ref;
