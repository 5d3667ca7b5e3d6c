-- What came of a time in which the box or a peer was away.

-- name: receipt_add
-- A new one.
-- in: kind subject from_ms to_ms found unknown bounds
INSERT INTO receipts (kind, subject, from_ms, to_ms, found, open, dead, unknown, lost, bounds)
VALUES (@kind, @subject, @from_ms, @to_ms, @found, @found, 0, @unknown, 0, @bounds);

-- name: receipt_update
-- How it stands now.
-- in: id open dead unknown lost settled_ms
UPDATE receipts SET open = @open, dead = @dead, unknown = @unknown, lost = @lost, settled_ms = @settled_ms WHERE id = @id;

-- name: receipt_list
-- Newest first.
-- in: before_id limit
-- out: id kind subject from_ms to_ms found caught open dead unknown lost bounds settled_ms
-- scan: recovered_minutes has few rows; bounds begins with the target, 0: all
SELECT id, kind, subject, from_ms, to_ms, found,
       (SELECT coalesce(sum(m.messages), 0) FROM recovered_minutes AS m
         WHERE m.minute BETWEEN from_ms / 60000 AND to_ms / 60000
           AND CAST(bounds AS INTEGER) IN (0, m.target_id)) AS caught,
       open, dead, unknown, lost, bounds, settled_ms
  FROM receipts WHERE id < @before_id ORDER BY id DESC LIMIT @limit;

-- name: receipt_caught
-- Messages that were found by asking.
-- in: target_id minute messages
INSERT INTO recovered_minutes (target_id, minute, messages) VALUES (@target_id, @minute, @messages)
ON CONFLICT (target_id, minute) DO UPDATE SET messages = messages + excluded.messages;

-- name: receipt_caught_trim
-- What no receipt can count any more.
-- in: before_minute
-- scan: few rows
DELETE FROM recovered_minutes WHERE minute < @before_minute;

-- name: receipt_trim
-- Keeps the newest.
-- in: keep
DELETE FROM receipts WHERE id <= (SELECT id FROM receipts ORDER BY id DESC LIMIT 1 OFFSET @keep);

-- name: receipt_jobs
-- Jobs up to a bound, of one target or all.
-- in: first last lane
-- out: n
-- scan: a range
SELECT count(*) AS n FROM (SELECT 1 FROM jobs WHERE id BETWEEN @first AND @last AND (@lane = 0 OR lane = @lane) LIMIT 200000);

-- name: receipt_dead
-- Dead letters of jobs of before, of one target or all.
-- in: to_ms lane
-- out: n
-- scan: the dead letters are few
SELECT count(*) AS n FROM dead_letters
 WHERE created_ms >= @to_ms AND job_created_ms <= @to_ms AND (@lane = 0 OR lane = @lane);

-- name: receipt_unknown
-- Messages of before of which it is not known whether they left.
-- in: to_ms channel_id
-- out: n
-- scan: few rows, by their index
SELECT count(*) AS n FROM whatsapp_messages
 WHERE sending IN ('sending', 'unknown') AND sending = 'unknown' AND created_at <= @to_ms
   AND (@channel_id = 0 OR channel_id = @channel_id);

-- name: receipt_stop
-- When the program ran last: its clean end, or the last sign of life.
-- in: boot
-- out: stopped_ms started_ms minute event_ms delivery_ms
SELECT b.stopped_ms, b.started_ms, coalesce((SELECT max(minute) FROM queue_minutes), 0) AS minute,
       coalesce((SELECT created_ms FROM topic_events ORDER BY id DESC LIMIT 1), 0) AS event_ms,
       coalesce((SELECT received_ms FROM webhook_deliveries ORDER BY id DESC LIMIT 1), 0) AS delivery_ms
  FROM boots AS b WHERE b.id < @boot ORDER BY b.id DESC LIMIT 1;

-- name: receipt_outage
-- The incident that was closed just now.
-- in: kind subject now_ms
-- out: opened_ms
-- scan: few rows
SELECT opened_ms FROM incidents WHERE kind = @kind AND subject = @subject AND closed_ms = @now_ms ORDER BY id DESC LIMIT 1;

-- name: receipt_newest
-- The newest job of a range.
-- in: first last
-- out: id
SELECT coalesce(max(id), 0) AS id FROM jobs WHERE id BETWEEN @first AND @last;
