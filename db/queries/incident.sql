-- What a person should know: one open row per kind and subject.

-- name: incident_update
-- It goes on.
-- in: kind subject text now_ms
UPDATE incidents SET text = @text, count = count + 1, updated_ms = @now_ms
 WHERE kind = @kind AND subject = @subject AND closed_ms = 0;

-- name: incident_open
-- It begins.
-- in: kind subject text now_ms
INSERT INTO incidents (kind, subject, text, count, opened_ms, updated_ms)
VALUES (@kind, @subject, @text, 1, @now_ms, @now_ms);

-- name: incident_alert
-- What is published when it begins.
-- in: id
-- out: payload
SELECT json_object('incident', id, 'kind', kind, 'subject', subject, 'text', text) AS payload
  FROM incidents WHERE id = @id;

-- name: incident_close
-- It is over.
-- in: kind subject now_ms
UPDATE incidents SET closed_ms = @now_ms, updated_ms = @now_ms
 WHERE kind = @kind AND subject = @subject AND closed_ms = 0;

-- name: incident_list
-- All of them, newest first.
-- in: limit
-- out: id kind subject text count opened_ms updated_ms closed_ms
SELECT id, kind, subject, text, count, opened_ms, updated_ms, closed_ms FROM incidents ORDER BY id DESC LIMIT @limit;

-- name: incident_list_open
-- The open ones, newest first.
-- in: limit
-- out: id kind subject text count opened_ms updated_ms closed_ms
-- scan: the open ones are few
SELECT id, kind, subject, text, count, opened_ms, updated_ms, closed_ms
  FROM incidents INDEXED BY incidents_open WHERE closed_ms = 0 ORDER BY id DESC LIMIT @limit;
