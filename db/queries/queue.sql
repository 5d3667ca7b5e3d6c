-- name: queue_ensure
-- The queue's row; made at its first start.
-- in: name number
-- out:
INSERT INTO queues(name, number) VALUES (@name, @number) ON CONFLICT DO NOTHING;

-- name: queue_state
-- Counters and state as committed.
-- in: name
-- out: accepted done failed dead discarded sequence state paused_until_ms recovered_to
SELECT accepted, done, failed, dead, discarded, sequence, state, paused_until_ms, recovered_to FROM queues WHERE name = @name;

-- name: queue_rows
-- How many unfinished jobs and the newest id.
-- in: first last
-- out: rows newest
SELECT count(*) AS rows, coalesce(max(id), 0) AS newest FROM jobs WHERE id BETWEEN @first AND @last;

-- name: queue_count
-- Absolute counters, written in the transaction that changes them.
-- in: name accepted done failed dead discarded sequence
-- out:
UPDATE queues SET accepted = @accepted, done = @done, failed = @failed, dead = @dead,
       discarded = @discarded, sequence = @sequence WHERE name = @name;

-- name: queue_set_state
-- Pause, resume, drain.
-- in: name state paused_until_ms
-- out:
UPDATE queues SET state = @state, paused_until_ms = @paused_until_ms WHERE name = @name;

-- name: queue_add
-- Appends a job to its queue's range.
-- in: id okey lane prio due_ms created_ms ref correlation payload history
-- out:
INSERT INTO jobs(id, okey, lane, prio, due_ms, created_ms, ref, correlation, payload, history)
VALUES (@id, @okey, @lane, @prio, @due_ms, @created_ms, @ref, @correlation, @payload, @history);

-- name: queue_remove
-- The job is finished.
-- in: id
-- out:
DELETE FROM jobs WHERE id = @id;

-- name: queue_note
-- A failed run: counted and remembered; the last 20 failures are kept.
-- in: id attempts due_ms at_ms error
-- out:
UPDATE jobs SET attempts = @attempts, due_ms = @due_ms, boot = 0,
       history = json_insert(CASE WHEN json_array_length(coalesce(history, '[]')) >= 20
                                  THEN json_remove(history, '$[0]') ELSE coalesce(history, '[]') END,
                             '$[#]', json_object('at_ms', @at_ms, 'error', @error))
 WHERE id = @id;

-- name: queue_snooze
-- The peer named a time; no attempt is burned.
-- in: id due_ms at_ms error
-- out:
UPDATE jobs SET snoozes = snoozes + 1, due_ms = @due_ms, boot = 0,
       history = json_insert(CASE WHEN json_array_length(coalesce(history, '[]')) >= 20
                                  THEN json_remove(history, '$[0]') ELSE coalesce(history, '[]') END,
                             '$[#]', json_object('at_ms', @at_ms, 'snooze', @error))
 WHERE id = @id;

-- name: queue_refused
-- The peer answered, and the job itself was the reason.
-- in: id
-- out:
UPDATE jobs SET refusals = refusals + 1 WHERE id = @id;

-- name: queue_part
-- It waits for long: the others of its key go on without it.
-- in: id
-- out:
UPDATE jobs SET okey = 0 WHERE id = @id;

-- name: queue_rekey
-- Jobs of a conversation that was merged into another; above the mask stands the target.
-- in: from_key to_key mask
-- out:
-- scan: of all jobs, when a conversation is merged
UPDATE jobs SET okey = (okey & ~@mask) | @to_key WHERE okey <> 0 AND (okey & @mask) = @from_key;

-- name: queue_rekey_dead
-- The same for dead letters.
-- in: from_key to_key mask
-- out:
-- scan: of all dead letters, when a conversation is merged
UPDATE dead_letters SET okey = (okey & ~@mask) | @to_key WHERE okey <> 0 AND (okey & @mask) = @from_key;

-- name: queue_mark
-- The start of a run that may kill the process.
-- in: id boot
-- out:
UPDATE jobs SET boot = @boot WHERE id = @id;

-- name: queue_unmark
-- At start: each mark that stands counts as a crash if the process died.
-- in: died first last
-- out:
UPDATE jobs SET crashes = crashes + @died, boot = 0 WHERE id BETWEEN @first AND @last AND boot <> 0;

-- name: queue_recovered
-- Jobs up to this id may have been running when a process died.
-- in: name recovered_to
-- out:
UPDATE queues SET recovered_to = @recovered_to WHERE name = @name;

-- name: queue_bury
-- Copies a job to the dead letters.
-- in: id queue class reason error attempts created_ms
-- out:
INSERT INTO dead_letters(queue, class, reason, error, okey, lane, prio, attempts, ref, job_created_ms, created_ms,
                         correlation, history, payload, job_id)
SELECT @queue, @class, @reason, @error, okey, lane, prio, @attempts, ref, created_ms, @created_ms,
       correlation, history, payload, id FROM jobs WHERE id = @id;

-- name: queue_bury_killers
-- Jobs that were running at too many deaths of the process.
-- in: first last queue crashes created_ms
-- out:
INSERT INTO dead_letters(queue, class, reason, error, okey, lane, prio, attempts, ref, job_created_ms, created_ms,
                         correlation, history, payload, job_id)
SELECT @queue, 'ours', 'crash', 'the program died ' || crashes || ' times while this job ran', okey, lane, prio,
       attempts, ref, created_ms, @created_ms, correlation, history, payload, id
  FROM jobs WHERE id BETWEEN @first AND @last AND crashes >= @crashes;

-- name: queue_remove_killers
-- The rows that queue_bury_killers copied.
-- in: first last crashes
-- out:
DELETE FROM jobs WHERE id BETWEEN @first AND @last AND crashes >= @crashes;

-- name: queue_load
-- The next jobs of one queue in order of their ids.
-- in: after last limit
-- out: id okey lane prio due_ms attempts snoozes refusals created_ms ref crashes tried
SELECT id, okey, lane, prio, due_ms, attempts, snoozes, refusals, created_ms, ref, crashes,
       history IS NOT NULL AND attempts = 0 AND snoozes = 0 AS tried
  FROM jobs WHERE id > @after AND id <= @last ORDER BY id LIMIT @limit;

-- name: queue_refs
-- Ids and references of a range, for discarding.
-- in: after last limit
-- out: id ref
SELECT id, ref FROM jobs WHERE id > @after AND id <= @last ORDER BY id LIMIT @limit;

-- name: queue_run_now
-- A person does not want to wait.
-- in: id
-- out:
UPDATE jobs SET due_ms = 0 WHERE id = @id;

-- name: queue_waiting_beyond
-- Jobs that wait for a time that the program chose and that is far away; first and last: the sends, of which one that was
-- never tried has a person's time, but for those that the program makes after a failure.
-- in: after beyond first last limit
-- out: id
-- scan: of all jobs, when the clock was set back
SELECT j.id FROM jobs AS j
 WHERE j.id > @after AND j.due_ms > @beyond
   AND (j.attempts > 0 OR j.snoozes > 0
        OR EXISTS (SELECT 1 FROM upkeeps AS u WHERE u.job_id = j.id AND u.kind <> 'conversation.wake')
        OR (j.id BETWEEN @first AND @last
            AND EXISTS (SELECT 1 FROM topic_events AS t JOIN whatsapp_messages AS m ON m.id = t.ref
                         WHERE t.id = j.ref AND m.attempt_of > 0)))
 ORDER BY j.id LIMIT @limit;

-- name: queue_text
-- The texts of one job.
-- in: id
-- out: payload correlation history
SELECT payload, correlation, history FROM jobs WHERE id = @id;

-- name: queue_list
-- One page of a queue's jobs that are due before a time, oldest first; those that are not are passed over.
-- in: after last due_to limit
-- out: id okey lane prio due_ms attempts snoozes created_ms ref correlation history
SELECT id, okey, lane, prio, due_ms, attempts, snoozes, created_ms, ref, correlation, history
  FROM jobs WHERE id > @after AND id <= @last AND due_ms < @due_to ORDER BY id LIMIT @limit;

-- name: queue_list_delayed
-- One page of a queue's jobs behind a place, the next one due first. 40: the bits of an id that are no queue (0031).
-- in: number after_due after limit
-- out: id okey lane prio due_ms attempts snoozes created_ms ref correlation history
SELECT id, okey, lane, prio, due_ms, attempts, snoozes, created_ms, ref, correlation, history
  FROM jobs WHERE id >> 40 = @number AND due_ms > 0 AND (due_ms, id) > (@after_due, @after) ORDER BY due_ms, id LIMIT @limit;

-- name: queue_nth
-- The job that stands so many behind a place.
-- in: after last n
-- out: id
SELECT id FROM jobs WHERE id > @after AND id <= @last ORDER BY id LIMIT 1 OFFSET @n;

-- name: queue_prove
-- Both sides of the conservation law, in one snapshot.
-- in: name first last
-- out: accepted done failed dead discarded rows letters
-- scan: counts whole ranges; run by `totem prove` only
SELECT q.accepted, q.done, q.failed, q.dead, q.discarded,
       (SELECT count(*) FROM jobs WHERE id BETWEEN @first AND @last) AS rows,
       (SELECT count(*) FROM dead_letters WHERE queue = @name) AS letters
  FROM queues AS q WHERE q.name = @name;
