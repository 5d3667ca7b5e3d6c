-- What totem check asks the database.

-- name: check_newest_start
-- The latest start that was ever recorded: a clock behind it went back.
-- out: started_ms
-- scan: one row a start
SELECT coalesce(max(started_ms), 0) AS started_ms FROM boots;
