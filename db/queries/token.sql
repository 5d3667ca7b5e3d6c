-- API tokens: the text is shown once and kept as a hash.

-- name: token_insert
-- A new token.
-- in: company_id name hash scopes created_ms
INSERT INTO api_tokens (company_id, name, hash, scopes, created_ms)
VALUES (@company_id, @name, @hash, @scopes, @created_ms);

-- name: token_by_hash
-- The token with this hash.
-- in: hash
-- out: id company_id created_ms last_used_ms revoked_ms scopes
SELECT id, company_id, created_ms, last_used_ms, revoked_ms, scopes FROM api_tokens WHERE hash = @hash;

-- name: token_revoke
-- Ends a token; the first time counts.
-- in: id now_ms
UPDATE api_tokens SET revoked_ms = CASE revoked_ms WHEN 0 THEN @now_ms ELSE revoked_ms END WHERE id = @id;

-- name: token_used
-- Notes the use of a token, if the last note is older than the given time.
-- in: id now_ms older_than_ms
UPDATE api_tokens SET last_used_ms = @now_ms WHERE id = @id AND last_used_ms < @older_than_ms;

-- name: token_list
-- All tokens.
-- out: id company_id created_ms last_used_ms revoked_ms scopes name
-- scan: a list for people
SELECT id, company_id, created_ms, last_used_ms, revoked_ms, scopes, name FROM api_tokens ORDER BY id;
