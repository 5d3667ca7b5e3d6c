-- Each call to a peer about a message, with its answer.

-- name: peer_call_add
-- One more; the first 60 of a message are kept, and none of one that is gone.
-- in: message_id target at_ms took_ms status class answer
INSERT INTO message_attempts (message_id, n, target, at_ms, took_ms, status, class, answer)
SELECT @message_id, coalesce(max(n), 0) + 1, @target, @at_ms, @took_ms, @status, @class, @answer
  FROM message_attempts WHERE message_id = @message_id HAVING coalesce(max(n), 0) < 60
   AND EXISTS (SELECT 1 FROM whatsapp_messages WHERE id = @message_id);

-- name: peer_call_list
-- Those of a message, in order.
-- in: message_id
-- out: target at_ms took_ms status class answer
SELECT target, at_ms, took_ms, status, class, answer FROM message_attempts WHERE message_id = @message_id ORDER BY n;

-- name: peer_call_of
-- Those to a target before a place, newest first.
-- in: target from_ms at_ms message_id n limit
-- out: message_id n at_ms took_ms status class answer created_ms
SELECT a.message_id, a.n, a.at_ms, a.took_ms, a.status, a.class, a.answer, coalesce(m.created_at, 0) AS created_ms
  FROM message_attempts AS a LEFT JOIN whatsapp_messages AS m ON m.id = a.message_id
 WHERE a.target = @target AND a.at_ms >= @from_ms AND (a.at_ms, a.message_id, a.n) < (@at_ms, @message_id, @n)
 ORDER BY a.at_ms DESC, a.message_id DESC, a.n DESC LIMIT @limit;

-- name: peer_call_failed
-- The same of those that failed.
-- in: target from_ms at_ms message_id n limit
-- out: message_id n at_ms took_ms status class answer created_ms
SELECT a.message_id, a.n, a.at_ms, a.took_ms, a.status, a.class, a.answer, coalesce(m.created_at, 0) AS created_ms
  FROM message_attempts AS a INDEXED BY message_attempts_failed LEFT JOIN whatsapp_messages AS m ON m.id = a.message_id
 WHERE (a.status < 200 OR a.status > 299) AND a.target = @target AND a.at_ms >= @from_ms
   AND (a.at_ms, a.message_id, a.n) < (@at_ms, @message_id, @n)
 ORDER BY a.at_ms DESC, a.message_id DESC, a.n DESC LIMIT @limit;

-- name: peer_call_count
-- How many there are to a target in a time, and how many of them failed; no more than `most` are counted.
-- in: target from_ms to_ms most
-- out: calls failed
SELECT (SELECT count(*) FROM (SELECT 1 FROM message_attempts WHERE target = @target AND at_ms >= @from_ms AND at_ms < @to_ms
                               LIMIT @most)) AS calls,
       (SELECT count(*) FROM (SELECT 1 FROM message_attempts WHERE (status < 200 OR status > 299) AND target = @target
                                 AND at_ms >= @from_ms AND at_ms < @to_ms LIMIT @most)) AS failed;

-- name: peer_call_trim
-- Forgets old ones; message ids rise with time.
-- in: before_ms limit
DELETE FROM message_attempts
 WHERE message_id IN (SELECT DISTINCT message_id FROM message_attempts ORDER BY message_id LIMIT @limit) AND at_ms < @before_ms;

-- name: peer_call_letters
-- Dead letters about a message.
-- in: message_id
-- out: id queue class reason error created_ms
-- scan: the dead letters are few
SELECT d.id, d.queue, d.class, d.reason, d.error, d.created_ms
  FROM dead_letters AS d JOIN topic_events AS t ON t.id = d.ref
 WHERE d.queue <> 'webhooks' AND t.ref = @message_id ORDER BY d.id;

-- name: peer_call_statuses
-- What became of a message, in the order in which the box learned it.
-- in: message_id
-- out: status recipient at_ms recorded_ms error
SELECT status, recipient, at_ms, recorded_ms, error FROM message_statuses
 WHERE message_id = @message_id ORDER BY recorded_ms, at_ms;
