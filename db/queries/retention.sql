-- What goes by age, beside what has its own file (deliveries, events, media).

-- name: retention_message_last
-- Newest message, NULL without any.
-- out: id
SELECT max(id) AS id FROM whatsapp_messages;

-- name: retention_message_first
-- Oldest message, NULL without any.
-- out: id
SELECT min(id) AS id FROM whatsapp_messages;

-- name: retention_message_probe
-- The first message at or behind a number, and when it was made.
-- in: at_id
-- out: id at_ms
SELECT id, created_at AS at_ms FROM whatsapp_messages WHERE id >= @at_id ORDER BY id LIMIT 1;

-- name: retention_message_next
-- The oldest message below a number whose way is at its end.
-- in: below_id
-- out: id media_id meta_message_id
SELECT id, media_id, meta_message_id FROM whatsapp_messages
 WHERE id < @below_id AND (sending IS NULL OR sending = 'done' OR sending = 'cancelled') ORDER BY id LIMIT 1;

-- name: retention_incidents
-- Incidents that ended long ago.
-- in: before_ms limit
-- scan: there are few
DELETE FROM incidents WHERE id IN
	(SELECT id FROM incidents WHERE closed_ms <> 0 AND closed_ms < @before_ms ORDER BY id LIMIT @limit);

-- name: retention_boots
-- Starts of long ago; the newest stays.
-- in: before_ms limit
-- scan: one row a start
DELETE FROM boots WHERE id IN
	(SELECT id FROM boots WHERE started_ms < @before_ms AND id < (SELECT max(id) FROM boots) ORDER BY id LIMIT @limit);

-- name: retention_letter
-- The oldest dead letter from before a time.
-- in: before_ms
-- out: id
-- scan: they are numbered by age; the first one tells
SELECT id FROM dead_letters WHERE created_ms < @before_ms ORDER BY id LIMIT 1;
