-- Results of the live tests of the first run.

-- name: setup_asked
-- A person wants to know; the result of before is over.
-- in: step now_ms
INSERT INTO setup_results (step, code, arg, asked_ms, at_ms) VALUES (@step, '', '', @now_ms, 0)
ON CONFLICT (step) DO UPDATE SET code = '', arg = '', asked_ms = excluded.asked_ms, at_ms = 0;

-- name: setup_found
-- The result.
-- in: step code arg now_ms
UPDATE setup_results SET code = @code, arg = @arg, at_ms = @now_ms WHERE step = @step;

-- name: setup_load
-- The result of one step.
-- in: step
-- out: code arg asked_ms at_ms
SELECT code, arg, asked_ms, at_ms FROM setup_results WHERE step = @step;

-- name: setup_sent
-- Whether a message ever left, and whether one ever came.
-- out: sent came
SELECT EXISTS (SELECT 1 FROM whatsapp_messages WHERE direction = 'outbound' AND sending = 'done' AND status <> 'failed') AS sent,
       EXISTS (SELECT 1 FROM whatsapp_messages WHERE direction = 'inbound') AS came;

-- name: setup_heard
-- Whether an agent's message ever came from this Chatwoot.
-- in: target_id
-- out: heard
SELECT EXISTS (SELECT 1 FROM chatwoot_messages WHERE target_id = @target_id AND origin = 'agent') AS heard;
