-- First answers to requests with an Idempotency-Key.

-- name: idem_find
-- The kept answer.
-- in: token_id key
-- out: body_hash status answer
SELECT body_hash, status, answer FROM idempotency WHERE token_id = @token_id AND key = @key;

-- name: idem_insert
-- Keeps an answer.
-- in: token_id key body_hash status answer created_ms
INSERT INTO idempotency (token_id, key, body_hash, status, answer, created_ms)
VALUES (@token_id, @key, @body_hash, @status, @answer, @created_ms);

-- name: idem_also
-- What one space keeps stands in another one too.
-- in: from_id to_id
INSERT OR IGNORE INTO idempotency (token_id, key, body_hash, status, answer, created_ms)
SELECT @to_id, key, body_hash, status, answer, created_ms FROM idempotency WHERE token_id = @from_id;

-- name: idem_trim
-- Forgets old answers, oldest first: about `limit`, more when many have the same time.
-- in: before_ms limit
DELETE FROM idempotency WHERE created_ms <= (
	SELECT max(created_ms) FROM (
		SELECT created_ms FROM idempotency WHERE created_ms < @before_ms ORDER BY created_ms LIMIT @limit));
