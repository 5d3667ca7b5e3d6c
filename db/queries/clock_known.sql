-- What the box knows of the time.

-- name: clock_known_get
-- Until when the clock was believed, and how long it has been doubted since.
-- out: seen_ms ran_ms
SELECT seen_ms, ran_ms FROM clock_known WHERE id = 1;

-- name: clock_known_set
-- Once a minute.
-- in: seen_ms ran_ms
UPDATE clock_known SET seen_ms = @seen_ms, ran_ms = @ran_ms WHERE id = 1;
