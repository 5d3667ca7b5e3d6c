-- What a restored database is told before it takes its place.

-- name: restore_waiting
-- Sends that waited when the backup was made.
-- in:
-- out: waiting
SELECT count(*) AS waiting FROM whatsapp_messages WHERE sending = 'queued' OR sending = 'sending';

-- name: restore_pause
-- The queues that lead to a send wait for a person.
-- in:
UPDATE queues SET state = 'paused', paused_until_ms = 0 WHERE name IN ('messages', 'orchestrator-inbound');

-- name: restore_paused
-- How many of them wait (tests, doctor).
-- in:
-- out: paused
SELECT count(*) AS paused FROM queues WHERE state = 'paused' AND name IN ('messages', 'orchestrator-inbound');
