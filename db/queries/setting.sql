-- Settings that were changed while the program runs.

-- name: setting_list
-- All of them.
-- out: key value
-- scan: read at start and after a change
SELECT key, value FROM settings ORDER BY key;

-- name: setting_put
-- A value, sealed when it is a secret.
-- in: key value updated_ms
INSERT INTO settings (key, value, updated_ms) VALUES (@key, @value, @updated_ms)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_ms = excluded.updated_ms;

-- name: setting_delete
-- Back to the sources below.
-- in: key
DELETE FROM settings WHERE key = @key;
