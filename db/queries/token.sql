-- API tokens: the text is shown once and kept as a hash.

-- name: token_insert
-- A new token.
-- in: company_id name hash scopes created_ms user_id
INSERT INTO api_tokens (company_id, name, hash, scopes, created_ms, user_id)
VALUES (@company_id, @name, @hash, @scopes, @created_ms, @user_id);

-- name: token_by_hash
-- The token with this hash, and what became of the person who made it.
-- in: hash
-- out: id company_id created_ms last_used_ms revoked_ms scopes user_id role disabled_ms
SELECT t.id, t.company_id, t.created_ms, t.last_used_ms, t.revoked_ms, t.scopes, t.user_id, u.role, u.disabled_ms
  FROM api_tokens AS t LEFT JOIN users AS u ON u.id = t.user_id WHERE t.hash = @hash;

-- name: token_revoke
-- Ends a token; the first time counts.
-- in: id now_ms
UPDATE api_tokens SET revoked_ms = CASE revoked_ms WHEN 0 THEN @now_ms ELSE revoked_ms END WHERE id = @id;

-- name: token_forget
-- A token of the box itself that another one follows.
-- in: id
DELETE FROM api_tokens WHERE id = @id;

-- name: token_alive
-- A token that may still be used.
-- in: id
-- out: id
SELECT t.id FROM api_tokens AS t LEFT JOIN users AS u ON u.id = t.user_id
 WHERE t.id = @id AND t.revoked_ms = 0 AND (t.user_id = 0 OR u.disabled_ms = 0);

-- name: token_used
-- Notes the use of a token, if the last note is older than the given time.
-- in: id now_ms older_than_ms
UPDATE api_tokens SET last_used_ms = @now_ms WHERE id = @id AND last_used_ms < @older_than_ms;

-- name: token_list
-- All tokens.
-- out: id company_id created_ms last_used_ms revoked_ms scopes user_id role disabled_ms name
-- scan: a list for people
SELECT t.id, t.company_id, t.created_ms, t.last_used_ms, t.revoked_ms, t.scopes, t.user_id, u.role, u.disabled_ms, t.name
  FROM api_tokens AS t LEFT JOIN users AS u ON u.id = t.user_id ORDER BY t.id;

-- name: token_name
-- What a token is called.
-- in: id
-- out: name
SELECT name FROM api_tokens WHERE id = @id;
