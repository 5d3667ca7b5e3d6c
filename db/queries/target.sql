-- Everything outside that the box talks with.

-- name: target_find
-- The row of a target.
-- in: kind slug
-- out: id
SELECT id FROM targets WHERE kind = @kind AND slug = @slug;

-- name: target_name
-- How it is called.
-- in: id
-- out: name
SELECT kind || '.' || slug AS name FROM targets WHERE id = @id;

-- name: target_made
-- When its row was made.
-- in: id
-- out: created_ms
SELECT created_ms FROM targets WHERE id = @id;

-- name: target_insert
-- A new target.
-- in: company_id kind slug created_ms
INSERT INTO targets (company_id, kind, slug, created_ms) VALUES (@company_id, @kind, @slug, @created_ms);

-- name: target_list
-- All of them.
-- out: id company_id kind slug state paused_until_ms reason
-- scan: there are few
SELECT id, company_id, kind, slug, state, paused_until_ms, reason FROM targets ORDER BY kind, slug;

-- name: target_state
-- Pauses or resumes.
-- in: id state paused_until_ms reason
UPDATE targets SET state = @state, paused_until_ms = @paused_until_ms, reason = @reason WHERE id = @id;

-- name: target_resume_if
-- Ends a pause that somebody of this name made.
-- in: id prefix
UPDATE targets SET state = 'up', paused_until_ms = 0, reason = NULL
 WHERE id = @id AND state = 'paused' AND substr(reason, 1, length(@prefix)) = @prefix;
