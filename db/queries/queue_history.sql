-- A day of the queues, minute by minute.

-- name: queue_history_add
-- A queue at the end of a minute.
-- in: minute queue accepted done failed dead waiting oldest_ms
INSERT INTO queue_minutes (minute, queue, accepted, done, failed, dead, waiting, oldest_ms)
VALUES (@minute, @queue, @accepted, @done, @failed, @dead, @waiting, @oldest_ms)
ON CONFLICT DO NOTHING;

-- name: queue_history_list
-- The minutes of a queue, oldest first.
-- in: queue from_minute limit
-- out: minute accepted done failed dead waiting oldest_ms
SELECT minute, accepted, done, failed, dead, waiting, oldest_ms FROM queue_minutes
 WHERE minute >= @from_minute AND queue = @queue ORDER BY minute LIMIT @limit;

-- name: queue_history_trim
-- Forgets old minutes.
-- in: before_minute
DELETE FROM queue_minutes WHERE minute < @before_minute;
