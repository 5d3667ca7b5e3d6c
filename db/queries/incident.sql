-- What a person should know: one open row per kind and subject.

-- name: incident_find
-- The open row of a kind and subject.
-- in: kind subject
-- out: code
SELECT code FROM incidents WHERE kind = @kind AND subject = @subject AND closed_ms = 0;

-- name: incident_update
-- It goes on.
-- in: kind subject text code args now_ms
UPDATE incidents SET text = @text, code = @code, args = @args, count = count + 1, updated_ms = @now_ms
 WHERE kind = @kind AND subject = @subject AND closed_ms = 0;

-- name: incident_open
-- It begins.
-- in: kind subject text code args now_ms
INSERT INTO incidents (kind, subject, text, code, args, count, opened_ms, updated_ms)
VALUES (@kind, @subject, @text, @code, @args, 1, @now_ms, @now_ms);

-- name: incident_alert
-- What is published when it begins.
-- in: kind subject
-- out: payload
SELECT json_object('incident', id, 'kind', kind, 'code', code, 'subject', subject, 'text', text) AS payload
  FROM incidents WHERE kind = @kind AND subject = @subject AND closed_ms = 0;

-- name: incident_close
-- It is over.
-- in: kind subject now_ms
UPDATE incidents SET closed_ms = @now_ms, updated_ms = @now_ms
 WHERE kind = @kind AND subject = @subject AND closed_ms = 0;

-- name: incident_rest
-- News without an end of their own: nobody said it again since, so it is over. The other kinds end when their state does.
-- in: before_ms now_ms
-- scan: the open ones are few
UPDATE incidents INDEXED BY incidents_open SET closed_ms = @now_ms
 WHERE closed_ms = 0 AND updated_ms < @before_ms
   AND kind IN ('unknown-number', 'whatsapp-error', 'send', 'lost', 'gap', 'history', 'group', 'answer');

-- name: incident_loops_over
-- The automation of these conversations goes on; a next loop is news again.
-- in: now_ms
-- scan: the open ones are few
UPDATE incidents INDEXED BY incidents_open SET closed_ms = @now_ms
 WHERE closed_ms = 0 AND kind = 'loop'
   AND NOT EXISTS (SELECT 1 FROM whatsapp_conversations AS v
                    WHERE v.id = CAST(substr(incidents.subject, length('conversation ') + 1) AS INTEGER)
                      AND v.automation_off_until_ms > @now_ms);

-- name: incident_restored_over
-- Somebody has looked: the queues that a restore paused go on.
-- in: now_ms
-- scan: the open ones are few
UPDATE incidents INDEXED BY incidents_open SET closed_ms = @now_ms
 WHERE closed_ms = 0 AND kind = 'restore'
   AND NOT EXISTS (SELECT 1 FROM queues WHERE state = 'paused' AND name IN ('messages', 'orchestrator-inbound'));

-- name: incident_list
-- All of them, newest first.
-- in: limit
-- out: id kind subject text count opened_ms updated_ms closed_ms code args
SELECT id, kind, subject, text, count, opened_ms, updated_ms, closed_ms, code, args
  FROM incidents ORDER BY id DESC LIMIT @limit;

-- name: incident_list_open
-- The open ones, newest first.
-- in: limit
-- out: id kind subject text count opened_ms updated_ms closed_ms code args
-- scan: the open ones are few
SELECT id, kind, subject, text, count, opened_ms, updated_ms, closed_ms, code, args
  FROM incidents INDEXED BY incidents_open WHERE closed_ms = 0 ORDER BY id DESC LIMIT @limit;

-- name: incident_last_closed
-- When the last trouble of a part ended.
-- in: subject
-- out: closed_ms
-- scan: retention keeps them few
SELECT coalesce(max(closed_ms), 0) AS closed_ms FROM incidents WHERE subject = @subject;
