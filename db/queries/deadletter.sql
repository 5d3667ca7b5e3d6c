-- Jobs that will not be tried again by themselves.

-- name: deadletter_list
-- Dead letters of all queues, newest first.
-- in: before_id reason limit
-- out: id queue class reason error correlation history payload okey lane prio ref attempts job_created_ms created_ms
-- scan: reason is filtered in passing
SELECT id, queue, class, reason, error, correlation, history, payload, okey, lane, prio, ref, attempts,
       job_created_ms, created_ms
  FROM dead_letters
 WHERE id < @before_id AND (@reason IS NULL OR reason = @reason)
 ORDER BY id DESC
 LIMIT @limit;

-- name: deadletter_list_queue
-- Dead letters of one queue, newest first.
-- in: queue before_id reason limit
-- out: id queue class reason error correlation history payload okey lane prio ref attempts job_created_ms created_ms
-- scan: reason is filtered in passing
SELECT id, queue, class, reason, error, correlation, history, payload, okey, lane, prio, ref, attempts,
       job_created_ms, created_ms
  FROM dead_letters
 WHERE queue = @queue AND id < @before_id AND (@reason IS NULL OR reason = @reason)
 ORDER BY id DESC
 LIMIT @limit;

-- name: deadletter_load
-- One dead letter.
-- in: id
-- out: id queue class reason error correlation history payload okey lane prio ref attempts job_created_ms created_ms
SELECT id, queue, class, reason, error, correlation, history, payload, okey, lane, prio, ref, attempts,
       job_created_ms, created_ms
  FROM dead_letters WHERE id = @id;

-- name: deadletter_count
-- How many there are.
-- in: before_id queue reason
-- out: number
-- scan: counts
SELECT count(*) AS number FROM dead_letters
 WHERE id < @before_id AND (@queue IS NULL OR queue = @queue) AND (@reason IS NULL OR reason = @reason);

-- name: deadletter_reasons
-- What there is, by queue and reason, the most frequent first.
-- in: limit
-- out: queue class reason number oldest_ms newest_ms
-- scan: counts
SELECT queue, min(class) AS class, reason, count(*) AS number, min(created_ms) AS oldest_ms, max(created_ms) AS newest_ms
  FROM dead_letters
 GROUP BY queue, reason
 ORDER BY number DESC, queue, reason
 LIMIT @limit;

-- name: deadletter_delete
-- It is a job again, or thrown away.
-- in: id
DELETE FROM dead_letters WHERE id = @id;

-- name: deadletter_message
-- The message that a dead send was about; the job's ref is the event of whatsapp-outbound-jobs.
-- in: event_id
-- out: id status sending meta_message_id replaced_by
SELECT m.id, m.status, m.sending, m.meta_message_id, m.replaced_by
  FROM topic_events AS t JOIN whatsapp_messages AS m ON m.id = t.ref
 WHERE t.id = @event_id;

-- name: deadletter_about
-- The same, for its public id.
-- in: event_id
-- out: id created_at
SELECT m.id, m.created_at
  FROM topic_events AS t JOIN whatsapp_messages AS m ON m.id = t.ref
 WHERE t.id = @event_id;

-- name: deadletter_requeue
-- A failed message is to be sent again; its refusals begin anew, and it was handed over before (leaves: tries of before there
-- were numbers counted 0), so what comes back without a number is not taken for the next try's.
-- in: id
UPDATE whatsapp_messages SET sending = 'queued', status = 'pending', error = NULL, failed_ms = 0, reached = NULL, tries = 0,
       leaves = max(leaves, 1)
 WHERE id = @id AND status = 'failed' AND sending = 'done';
