-- What a fresh copy is compared with: rows that never change and counters that only grow.

-- name: backup_sample
-- The stored request at or behind a number.
-- in: id
-- out: id received_ms body_size body
SELECT id, received_ms, body_size, body FROM webhook_deliveries WHERE id >= @id ORDER BY id LIMIT 1;

-- name: backup_marks
-- How far the box has come.
-- in:
-- out: accepted newest messages
-- scan: queues are few; the others look at one end
SELECT (SELECT coalesce(sum(accepted), 0) FROM queues) AS accepted,
       (SELECT coalesce(max(id), 0) FROM webhook_deliveries) AS newest,
       (SELECT coalesce(max(id), 0) FROM whatsapp_messages) AS messages;

-- name: backup_media_rows
-- Files that the box should have, some at a time.
-- in: after_id limit
-- out: id company_id sha256
SELECT id, company_id, sha256 FROM media WHERE id > @after_id AND state = 'stored' ORDER BY id LIMIT @limit;

-- name: backup_media_stored
-- Whether one should be there just now.
-- in: company_id sha256
-- out: id
SELECT id FROM media WHERE company_id = @company_id AND sha256 = @sha256 AND state = 'stored';
