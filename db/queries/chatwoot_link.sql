-- Messages of Chatwoot's agents and what became of them here; how far a conversation's state was taken over.

-- name: chatwoot_link_get
-- What is known of a message of Chatwoot.
-- in: target_id chatwoot_message_id
-- out: message_id parts origin deleted_ms failed_ms
SELECT message_id, parts, origin, deleted_ms, failed_ms FROM chatwoot_messages
 WHERE target_id = @target_id AND chatwoot_message_id = @chatwoot_message_id;

-- name: chatwoot_link_put
-- What became of it.
-- in: target_id chatwoot_message_id message_id parts deleted_ms failed_ms
UPDATE chatwoot_messages
   SET message_id = @message_id, parts = @parts, deleted_ms = @deleted_ms, failed_ms = @failed_ms
 WHERE target_id = @target_id AND chatwoot_message_id = @chatwoot_message_id;

-- name: chatwoot_link_waits
-- A job of this range and key: what an agent wrote earlier is still being made ready.
-- in: first last okey
-- out: id
SELECT id FROM jobs WHERE id BETWEEN @first AND @last AND okey = @okey LIMIT 1;

-- name: chatwoot_link_thread_get
-- How far a conversation's state was taken over.
-- in: conversation_id
-- out: state_ms seen_ms typing_ms
SELECT state_ms, seen_ms, typing_ms FROM chatwoot_threads WHERE conversation_id = @conversation_id;

-- name: chatwoot_link_thread_put
-- The same, written.
-- in: conversation_id state_ms seen_ms typing_ms
INSERT INTO chatwoot_threads (conversation_id, state_ms, seen_ms, typing_ms)
VALUES (@conversation_id, @state_ms, @seen_ms, @typing_ms)
ON CONFLICT (conversation_id) DO UPDATE
   SET state_ms = excluded.state_ms, seen_ms = excluded.seen_ms, typing_ms = excluded.typing_ms;
