-- Each call to a peer about a message, with its answer.

-- name: peer_call_add
-- One more; the first 60 of a message are kept.
-- in: message_id target at_ms took_ms status class answer
INSERT INTO message_attempts (message_id, n, target, at_ms, took_ms, status, class, answer)
SELECT @message_id, coalesce(max(n), 0) + 1, @target, @at_ms, @took_ms, @status, @class, @answer
  FROM message_attempts WHERE message_id = @message_id HAVING coalesce(max(n), 0) < 60;

-- name: peer_call_list
-- Those of a message, in order.
-- in: message_id
-- out: target at_ms took_ms status class answer
SELECT target, at_ms, took_ms, status, class, answer FROM message_attempts WHERE message_id = @message_id ORDER BY n;

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
