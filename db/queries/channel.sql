-- What the box knows about a channel beside its settings.

-- name: channel_fact_put
-- A fact; `changed_ms` moves only with its value.
-- in: channel_id name value now_ms
INSERT INTO channel_facts (channel_id, name, value, changed_ms, seen_ms) VALUES (@channel_id, @name, @value, @now_ms, @now_ms)
    ON CONFLICT DO UPDATE SET changed_ms = CASE WHEN value = excluded.value THEN changed_ms ELSE excluded.changed_ms END,
                              value = excluded.value, seen_ms = excluded.seen_ms;

-- name: channel_fact_drop
-- Not known any more.
-- in: channel_id name
DELETE FROM channel_facts WHERE channel_id = @channel_id AND name = @name;

-- name: channel_fact_get
-- One fact.
-- in: channel_id name
-- out: value
SELECT value FROM channel_facts WHERE channel_id = @channel_id AND name = @name;

-- name: channel_fact_list
-- All facts of a channel.
-- in: channel_id
-- out: name value changed_ms seen_ms
SELECT name, value, changed_ms, seen_ms FROM channel_facts WHERE channel_id = @channel_id ORDER BY name;

-- name: channel_hour_add
-- Customers' messages of this hour.
-- in: channel_id hour messages
INSERT INTO channel_hours (channel_id, hour, messages) VALUES (@channel_id, @hour, @messages)
    ON CONFLICT DO UPDATE SET messages = messages + excluded.messages;

-- name: channel_event_add
-- What a provider told of an account, once: a webhook that comes again says nothing new.
-- in: channel_id field event at_ms recorded_ms detail
INSERT INTO channel_events (channel_id, field, event, at_ms, recorded_ms, detail)
SELECT @channel_id, @field, @event, @at_ms, @recorded_ms, @detail
 WHERE NOT EXISTS (SELECT 1 FROM channel_events
                    WHERE channel_id = @channel_id AND id > (SELECT coalesce(max(id), 0) - 500 FROM channel_events)
                      AND at_ms = @at_ms AND field = @field AND detail = @detail);

-- name: channel_event_list
-- The newest of them.
-- in: channel_id limit
-- out: id field event at_ms recorded_ms detail
SELECT id, field, event, at_ms, recorded_ms, detail FROM channel_events
 WHERE channel_id = @channel_id ORDER BY id DESC LIMIT @limit;

-- name: channel_hour_list
-- Counted hours, oldest first.
-- in: channel_id from_hour to_hour
-- out: hour messages
SELECT hour, messages FROM channel_hours
 WHERE channel_id = @channel_id AND hour >= @from_hour AND hour < @to_hour ORDER BY hour;

-- name: channel_hour_drop
-- Hours that were learned from.
-- in: channel_id before_hour
DELETE FROM channel_hours WHERE channel_id = @channel_id AND hour < @before_hour;

-- name: channel_usual_learn
-- One more week of an hour: the last one counts three tenths.
-- in: channel_id slot thousandths
INSERT INTO channel_usual (channel_id, slot, thousandths, weeks) VALUES (@channel_id, @slot, @thousandths, 1)
    ON CONFLICT DO UPDATE SET thousandths = (thousandths * 7 + excluded.thousandths * 3) / 10, weeks = weeks + 1;

-- name: channel_usual_list
-- What is usual.
-- in: channel_id
-- out: slot thousandths weeks
SELECT slot, thousandths, weeks FROM channel_usual WHERE channel_id = @channel_id ORDER BY slot;

-- name: channel_event_trim
-- The journal keeps the newest.
-- in: channel_id keep
DELETE FROM channel_events WHERE channel_id = @channel_id AND id <=
    (SELECT id FROM channel_events WHERE channel_id = @channel_id ORDER BY id DESC LIMIT 1 OFFSET @keep);
