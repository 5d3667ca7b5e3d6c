-- Sessions of lookup connectors.

-- name: lookup_session_get
-- The session of a key.
-- in: key
-- out: value expires_ms
SELECT value, expires_ms FROM lookup_sessions WHERE key = @key;

-- name: lookup_session_put
-- A new login.
-- in: key value expires_ms updated_ms
INSERT INTO lookup_sessions (key, value, expires_ms, updated_ms) VALUES (@key, @value, @expires_ms, @updated_ms)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_ms = excluded.expires_ms, updated_ms = excluded.updated_ms;

-- name: lookup_session_delete
-- The upstream does not know it any more.
-- in: key
DELETE FROM lookup_sessions WHERE key = @key;
