-- The database that takes webhooks in while the real one is damaged (flow/damage/damage.h).

-- name: spool_target
-- A target under the number that it had.
-- in: id company_id kind slug created_ms
INSERT OR IGNORE INTO targets (id, company_id, kind, slug, created_ms)
VALUES (@id, @company_id, @kind, @slug, @created_ms);

-- name: spool_next
-- The oldest request that was not taken over.
-- in: after_id
-- out: id received_ms company_id target_id source signature request_id headers body kind slug
SELECT d.id, d.received_ms, d.company_id, d.target_id, d.source, d.signature, d.request_id, d.headers, d.body,
       t.kind, t.slug
  FROM webhook_deliveries AS d LEFT JOIN targets AS t ON t.id = d.target_id
 WHERE d.id > @after_id ORDER BY d.id LIMIT 1;

-- name: spool_forget
-- What was taken over.
-- in: to_id
DELETE FROM webhook_deliveries WHERE id <= @to_id;
