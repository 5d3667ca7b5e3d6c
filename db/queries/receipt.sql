-- What came of a time in which the box or a peer was away.

-- name: receipt_add
-- A new one.
-- in: kind subject from_ms to_ms found bounds
INSERT INTO receipts (kind, subject, from_ms, to_ms, found, open, lost, bounds)
VALUES (@kind, @subject, @from_ms, @to_ms, @found, @found, 0, @bounds);

-- name: receipt_add_jobs
-- What waits of a queue now, of one target or all. about: what the queue's refs are, else events.
-- in: receipt_id first last lane about limit
INSERT INTO receipt_jobs (receipt_id, job_id, message_id, delivery_id)
SELECT @receipt_id, j.id,
       CASE @about WHEN 'message' THEN j.ref
                   WHEN 'event' THEN coalesce((SELECT t.ref FROM topic_events AS t WHERE t.id = j.ref), 0) ELSE 0 END,
       CASE @about WHEN 'delivery' THEN j.ref ELSE 0 END
  FROM jobs AS j WHERE j.id BETWEEN @first AND @last AND (@lane = 0 OR j.lane = @lane) ORDER BY j.id LIMIT @limit;

-- name: receipt_update
-- How it stands now.
-- in: id open lost settled_ms
UPDATE receipts SET open = @open, lost = @lost, settled_ms = @settled_ms WHERE id = @id;

-- name: receipt_list
-- Newest first. bounds begins with the target, 0: all. What is open is counted now if all jobs are listed; receipts of before
-- there were lists (0024) have none: their letters are found by time. Recovered messages count in the minutes that the outage
-- touched: providers have whole seconds.
-- in: listed before_id limit
-- out: id kind subject from_ms to_ms found caught open dead unknown lost bounds settled_ms
-- scan: the dead letters are few
SELECT r.id, r.kind, r.subject, r.from_ms, r.to_ms, r.found,
       (SELECT count(*) FROM recovered_messages AS m
         WHERE m.written_ms >= r.from_ms / 60000 * 60000 AND m.written_ms < (r.to_ms / 60000 + 1) * 60000
           AND CAST(r.bounds AS INTEGER) IN (0, m.target_id)) AS caught,
       CASE WHEN r.open = 0 OR r.found > @listed OR NOT EXISTS (SELECT 1 FROM receipt_jobs AS j WHERE j.receipt_id = r.id) THEN r.open
            ELSE (SELECT count(*) FROM receipt_jobs AS j JOIN jobs AS w ON w.id = j.job_id WHERE j.receipt_id = r.id) END AS open,
       CASE WHEN r.found = 0 OR EXISTS (SELECT 1 FROM receipt_jobs AS j WHERE j.receipt_id = r.id)
            THEN (SELECT count(*) FROM dead_letters AS d CROSS JOIN receipt_jobs AS j ON j.receipt_id = r.id AND j.job_id = d.job_id)
            ELSE (SELECT count(*) FROM dead_letters AS d
                   WHERE d.created_ms >= r.to_ms AND d.job_created_ms <= r.to_ms
                     AND CAST(r.bounds AS INTEGER) IN (0, d.lane)) END AS dead,
       (SELECT count(*) FROM whatsapp_messages AS m
         WHERE m.sending IN ('sending', 'unknown') AND m.sending = 'unknown' AND m.created_at <= r.to_ms
           AND CAST(r.bounds AS INTEGER) IN (0, m.channel_id)) AS unknown,
       r.lost, r.bounds, r.settled_ms
  FROM receipts AS r WHERE r.id < @before_id ORDER BY r.id DESC LIMIT @limit;

-- name: receipt_item_jobs
-- The jobs of a receipt, with what became of them: 1 waits still, 2 is a dead letter, 3 done; state 0: all. A row that is younger
-- than the receipt only has the id of one that was erased.
-- in: receipt_id after_id limit state
-- out: job_id message_id delivery_id delivery_ms letter_id letter_ms state
SELECT r.job_id,
       coalesce((SELECT w.id FROM whatsapp_messages AS w WHERE w.id = r.message_id AND w.created_at <= e.to_ms), 0) AS message_id,
       r.delivery_id,
       coalesce((SELECT w.received_ms FROM webhook_deliveries AS w WHERE w.id = r.delivery_id AND w.received_ms <= e.to_ms), 0) AS delivery_ms,
       coalesce(d.id, 0) AS letter_id, coalesce(d.created_ms, 0) AS letter_ms,
       CASE WHEN j.id IS NOT NULL THEN 1 WHEN d.id IS NOT NULL THEN 2 ELSE 3 END AS state
  FROM receipts AS e JOIN receipt_jobs AS r ON r.receipt_id = e.id LEFT JOIN jobs AS j ON j.id = r.job_id LEFT JOIN dead_letters AS d ON d.job_id = r.job_id
 WHERE e.id = @receipt_id AND r.job_id > @after_id
   AND @state IN (0, CASE WHEN j.id IS NOT NULL THEN 1 WHEN d.id IS NOT NULL THEN 2 ELSE 3 END)
 ORDER BY r.job_id LIMIT @limit;

-- name: receipt_item_caught
-- The messages of a receipt that were found by asking. One of another time only has the id of one that was erased.
-- in: receipt_id after_id limit
-- out: id message_id
SELECT m.id,
       CASE WHEN m.chatwoot_message_id = 0
            THEN coalesce((SELECT w.id FROM whatsapp_messages AS w WHERE w.id = m.message_id AND w.timestamp = m.written_ms), 0)
            ELSE coalesce((SELECT c.message_id FROM chatwoot_messages AS c
                            WHERE c.target_id = m.target_id AND c.chatwoot_message_id = m.chatwoot_message_id), 0) END AS message_id
  FROM receipts AS r JOIN recovered_messages AS m
    ON m.written_ms >= r.from_ms / 60000 * 60000 AND m.written_ms < (r.to_ms / 60000 + 1) * 60000
   AND CAST(r.bounds AS INTEGER) IN (0, m.target_id)
 WHERE r.id = @receipt_id AND m.id > @after_id
 ORDER BY m.id LIMIT @limit;

-- name: receipt_caught_of
-- The messages of a target that were found by asking, newest first.
-- in: target_id before_id limit
-- out: id message_id
SELECT m.id,
       CASE WHEN m.chatwoot_message_id = 0
            THEN coalesce((SELECT w.id FROM whatsapp_messages AS w WHERE w.id = m.message_id AND w.timestamp = m.written_ms), 0)
            ELSE coalesce((SELECT c.message_id FROM chatwoot_messages AS c
                            WHERE c.target_id = m.target_id AND c.chatwoot_message_id = m.chatwoot_message_id), 0) END AS message_id
  FROM recovered_messages AS m WHERE m.target_id = @target_id AND m.id < @before_id ORDER BY m.id DESC LIMIT @limit;

-- name: receipt_caught_count
-- How many there are.
-- in: target_id
-- out: n
SELECT count(*) AS n FROM recovered_messages WHERE target_id = @target_id;

-- name: receipt_item_unknown
-- The messages of which it is not known whether they left.
-- in: receipt_id after_id limit
-- out: id message_id
SELECT m.id, m.id AS message_id FROM receipts AS r JOIN whatsapp_messages AS m
    ON m.sending IN ('sending', 'unknown') AND m.sending = 'unknown' AND m.created_at <= r.to_ms
   AND CAST(r.bounds AS INTEGER) IN (0, m.channel_id)
 WHERE r.id = @receipt_id AND m.id > @after_id
 ORDER BY m.id LIMIT @limit;

-- name: receipt_caught
-- A message that was found by asking.
-- in: target_id written_ms message_id chatwoot_message_id
INSERT INTO recovered_messages (target_id, written_ms, message_id, chatwoot_message_id)
VALUES (@target_id, @written_ms, @message_id, @chatwoot_message_id);

-- name: receipt_caught_trim
-- What is old and no receipt can count any more.
-- in: before_ms
DELETE FROM recovered_messages
 WHERE written_ms < @before_ms AND written_ms < (SELECT coalesce(min(from_ms), @before_ms) FROM receipts);

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

-- name: receipt_stop
-- When the program ran last: its clean end, or the last sign of life.
-- in: boot
-- out: stopped_ms started_ms alive_ms minute event_ms delivery_ms
SELECT b.stopped_ms, b.started_ms, b.alive_ms, coalesce((SELECT max(minute) FROM queue_minutes), 0) AS minute,
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
