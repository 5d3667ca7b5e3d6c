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
-- What a provider told of an account.
-- in: channel_id field event at_ms recorded_ms detail
INSERT INTO channel_events (channel_id, field, event, at_ms, recorded_ms, detail)
VALUES (@channel_id, @field, @event, @at_ms, @recorded_ms, @detail);

-- name: channel_event_list
-- The newest of them.
-- in: channel_id limit
-- out: id field event at_ms recorded_ms detail
SELECT id, field, event, at_ms, recorded_ms, detail FROM channel_events
 WHERE channel_id = @channel_id ORDER BY id DESC LIMIT @limit;
