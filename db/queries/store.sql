-- name: store_last_boot
-- Whether the newest start was never marked as ended.
-- in:
-- out: unclean
SELECT stopped_ms IS NULL AS unclean FROM boots ORDER BY id DESC LIMIT 1;

-- name: store_boot
-- A start of the program.
-- in: boot_id started_ms
-- out:
INSERT INTO boots(boot_id, started_ms) VALUES (@boot_id, @started_ms);

-- name: store_stop
-- A clean end.
-- in: id stopped_ms
-- out:
UPDATE boots SET stopped_ms = @stopped_ms WHERE id = @id;

-- name: store_beat
-- A sign of life.
-- in: id alive_ms
-- out:
UPDATE boots SET alive_ms = @alive_ms WHERE id = @id;

-- name: store_salt
-- The box's salt for ids (app/base/ids.h).
-- in:
-- out: value
SELECT value FROM settings WHERE key = 'box.salt';

-- name: store_set_salt
-- Written once, at the first start.
-- in: value updated_ms
-- out:
INSERT INTO settings(key, value, updated_ms) VALUES ('box.salt', @value, @updated_ms);
