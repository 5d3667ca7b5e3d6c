-- Quick answers: texts that people use again and again.

-- name: quick_list
-- All of a company.
-- in: company_id limit
-- out: id shortcut title text created_ms updated_ms
-- scan: a list for people
SELECT id, shortcut, title, text, created_ms, updated_ms FROM quick_answers
 WHERE company_id = @company_id ORDER BY shortcut LIMIT @limit;

-- name: quick_load
-- One of them.
-- in: id company_id
-- out: id shortcut title text created_ms updated_ms
SELECT id, shortcut, title, text, created_ms, updated_ms FROM quick_answers WHERE id = @id AND company_id = @company_id;

-- name: quick_insert
-- A new one.
-- in: company_id shortcut title text now_ms
INSERT INTO quick_answers (company_id, shortcut, title, text, created_ms, updated_ms)
VALUES (@company_id, @shortcut, @title, @text, @now_ms, @now_ms);

-- name: quick_update
-- A changed one.
-- in: id shortcut title text now_ms
UPDATE quick_answers SET shortcut = @shortcut, title = @title, text = @text, updated_ms = @now_ms WHERE id = @id;

-- name: quick_delete
-- It is not wanted any more.
-- in: id
DELETE FROM quick_answers WHERE id = @id;
