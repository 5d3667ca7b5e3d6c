-- The audit log: rows are only added (triggers refuse the rest).

-- name: audit_last
-- The newest row's place in the chain.
-- out: id hash
SELECT id, hash FROM audit_log ORDER BY id DESC LIMIT 1;

-- name: audit_insert
-- Appends a row.
-- in: id at_ms company_id actor_kind actor_id actor client request_id action subject detail hash
INSERT INTO audit_log (id, at_ms, company_id, actor_kind, actor_id, actor, client, request_id, action, subject, detail, hash)
VALUES (@id, @at_ms, @company_id, @actor_kind, @actor_id, @actor, @client, @request_id, @action, @subject, @detail, @hash);

-- name: audit_list
-- One page, newest first.
-- in: company_id before_id from_ms to_ms actor_kind actor_id action limit
-- out: id at_ms company_id actor_kind actor_id actor client request_id action subject detail hash
-- scan: filters pass over rows; a page for people
SELECT id, at_ms, company_id, actor_kind, actor_id, actor, client, request_id, action, subject, detail, hash
  FROM audit_log
 WHERE id < @before_id AND company_id IN (0, @company_id)
   AND (@from_ms = 0 OR at_ms >= @from_ms) AND (@to_ms = 0 OR at_ms < @to_ms)
   AND (@actor_kind IS NULL OR (actor_kind = @actor_kind AND (@actor_id = 0 OR actor_id = @actor_id)))
   AND (@action IS NULL OR substr(action, 1, length(@action)) = @action)
 ORDER BY id DESC LIMIT @limit;

-- name: audit_chain
-- Rows behind one, oldest first.
-- in: after_id limit
-- out: id at_ms company_id actor_kind actor_id actor client request_id action subject detail hash
SELECT id, at_ms, company_id, actor_kind, actor_id, actor, client, request_id, action, subject, detail, hash
  FROM audit_log WHERE id > @after_id ORDER BY id LIMIT @limit;

-- name: audit_count
-- How often somebody did something between two times, and when first.
-- in: actor_kind actor_id action from_ms to_ms
-- out: count oldest_ms
SELECT count(*) AS count, coalesce(min(at_ms), 0) AS oldest_ms FROM audit_log
 WHERE actor_kind = @actor_kind AND actor_id = @actor_id AND action = @action
   AND at_ms > @from_ms AND at_ms < @to_ms;
