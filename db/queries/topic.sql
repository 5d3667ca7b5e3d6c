-- Events: appended by topic_publish, read by the stream and by jobs, trimmed from the old end.

-- name: topic_insert
-- Appends an event.
-- in: topic company_id okey ref hop created_ms correlation payload
INSERT INTO topic_events (topic, company_id, okey, ref, hop, created_ms, correlation, payload)
VALUES (@topic, @company_id, @okey, @ref, @hop, @created_ms, @correlation, @payload);

-- name: topic_load
-- One event.
-- in: id
-- out: id topic company_id okey ref hop created_ms correlation payload
SELECT id, topic, company_id, okey, ref, hop, created_ms, correlation, payload FROM topic_events WHERE id = @id;

-- name: topic_after
-- Events of a company (and those of company 0, which everybody sees) behind an id, oldest first.
-- in: after_id company_id limit
-- out: id topic company_id okey ref hop created_ms correlation payload
-- scan: passes over the events of other companies
SELECT id, topic, company_id, okey, ref, hop, created_ms, correlation, payload
  FROM topic_events
 WHERE id > @after_id AND company_id IN (0, @company_id)
 ORDER BY id
 LIMIT @limit;

-- name: topic_last
-- Newest id, NULL without events.
-- out: id
SELECT max(id) AS id FROM topic_events;

-- name: topic_first
-- Oldest kept id, NULL without events.
-- out: id
SELECT min(id) AS id FROM topic_events;

-- name: topic_probe
-- First event at or behind an id, with its time (search for the end of what is old).
-- in: at_id
-- out: id at_ms
SELECT id, created_ms AS at_ms FROM topic_events WHERE id >= @at_id ORDER BY id LIMIT 1;

-- name: topic_trim
-- Deletes old events that neither a job nor a dead letter refers to. The ids of all queues but `webhooks` are
-- outside of hooks_first to hooks_last; their ref is an event.
-- in: below_id hooks_first hooks_last limit
-- scan: reads the refs of all jobs and dead letters once
DELETE FROM topic_events WHERE id IN (
	SELECT id FROM topic_events
	 WHERE id < @below_id
	   AND id NOT IN (SELECT ref FROM jobs WHERE id NOT BETWEEN @hooks_first AND @hooks_last)
	   AND id NOT IN (SELECT ref FROM dead_letters WHERE queue <> 'webhooks')
	 ORDER BY id
	 LIMIT @limit);

-- name: topic_message
-- The message of an event, in brief.
-- in: id
-- out: message_id conversation_id timestamp outbound act
SELECT m.id AS message_id, m.conversation_id, m.timestamp, m.direction = 'outbound' AS outbound,
       m.type IN ('reaction', 'edit', 'revoke', 'system') AS act
  FROM topic_events AS t JOIN whatsapp_messages AS m ON m.id = t.ref WHERE t.id = @id;
