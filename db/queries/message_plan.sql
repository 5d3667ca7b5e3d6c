-- What was asked for beside the content of a message to send, its attempts, and what people decided about it.

-- name: message_plan_set
-- Until when, instead of what, after which attempt, after how many tries, how urgent.
-- in: id expires_ms attempt_of tries prio fallback
UPDATE whatsapp_messages
   SET expires_ms = @expires_ms, attempt_of = @attempt_of, tries = @tries, prio = @prio, fallback = @fallback
 WHERE id = @id;

-- name: message_plan_tried
-- The provider refused it once more.
-- in: id
UPDATE whatsapp_messages SET tries = tries + 1 WHERE id = @id;

-- name: message_plan_give_back
-- The later attempt will not be sent: its place is free.
-- in: id
UPDATE whatsapp_messages SET replaced_by = 0
 WHERE id = (SELECT attempt_of FROM whatsapp_messages WHERE id = @id) AND replaced_by = @id;

-- name: message_plan_load
-- The same, read.
-- in: id
-- out: expires_ms attempt_of replaced_by twin_of tries leaves prio fallback
SELECT expires_ms, attempt_of, replaced_by, twin_of, tries, leaves, prio, fallback FROM whatsapp_messages WHERE id = @id;

-- name: message_plan_failure
-- What a status told before the provider's own answer came.
-- in: id
-- out: code
SELECT coalesce(json_extract(error, '$.code'), 0) AS code FROM whatsapp_messages WHERE id = @id AND status = 'failed';

-- name: message_plan_arrived
-- Whether another attempt of the same message left after all: one before it, or one that took the same place and was
-- cancelled.
-- in: id
-- out: arrived
WITH RECURSIVE family(id) AS (
	SELECT @id
	UNION SELECT m.attempt_of FROM family AS f JOIN whatsapp_messages AS m ON m.id = f.id WHERE m.attempt_of > 0
	UNION SELECT m.id FROM family AS f JOIN whatsapp_messages AS m
		  ON m.conversation_id = (SELECT conversation_id FROM whatsapp_messages WHERE id = @id)
		 AND m.attempt_of = f.id AND m.attempt_of > 0)
SELECT EXISTS (SELECT 1 FROM family AS f JOIN whatsapp_messages AS m ON m.id = f.id
		WHERE m.id <> @id AND m.status IN ('accepted', 'sent', 'delivered', 'read', 'played')) AS arrived;

-- name: message_plan_replace
-- A later attempt takes its place; only one ever does.
-- in: id replaced_by
UPDATE whatsapp_messages SET replaced_by = @replaced_by WHERE id = @id AND replaced_by = 0;

-- name: message_plan_sent
-- It was in doubt, and a person says that it was sent.
-- in: id
UPDATE whatsapp_messages
   SET sending = 'done', error = NULL,
       status = CASE WHEN status IN ('pending', 'accepted') THEN 'sent' ELSE status END
 WHERE id = @id AND sending = 'unknown';

-- name: message_plan_note
-- What somebody decided about a message.
-- in: message_id at_ms actor note
INSERT INTO message_notes (message_id, at_ms, actor, note) VALUES (@message_id, @at_ms, @actor, @note);

-- name: message_plan_notes
-- The notes of a message.
-- in: message_id
-- out: at_ms actor note
SELECT at_ms, actor, note FROM message_notes WHERE message_id = @message_id ORDER BY id;

-- name: message_plan_job
-- The job that will send a message; made in the same moment as the message, unless it was a dead letter since.
-- in: first last made_ms topic message_id
-- out: id
-- scan: over the jobs that wait; only when a person cancels
SELECT j.id FROM jobs AS j JOIN topic_events AS t ON t.id = j.ref
 WHERE j.id BETWEEN @first AND @last AND (@made_ms = 0 OR j.created_ms = @made_ms)
   AND t.topic = @topic AND t.ref = @message_id
 LIMIT 1;

-- name: message_plan_due
-- When a message was asked to leave: of the jobs that were made for later, the one of it that was not tried yet.
-- in: number made_ms topic message_id
-- out: due_ms
SELECT j.due_ms FROM jobs AS j JOIN topic_events AS t ON t.id = j.ref
 WHERE j.id >> 40 = @number AND j.due_ms > 0 AND j.due_ms > @made_ms AND j.created_ms = @made_ms
   AND j.attempts = 0 AND j.snoozes = 0 AND t.topic = @topic AND t.ref = @message_id
 LIMIT 1;

-- name: message_plan_heard
-- The customer's newest message after a time. What was imported does not count, nor what is no message: edits, revokes,
-- reactions and notices of the system open no window (meta-cloud-api.md 3.6; the same as topic.h `act`).
-- in: company_id conversation_id since_ms
-- out: timestamp
SELECT timestamp FROM whatsapp_messages
 WHERE company_id = @company_id AND conversation_id = @conversation_id AND timestamp > @since_ms
   AND direction = 'inbound' AND source = 'customer' AND type NOT IN ('edit', 'revoke', 'reaction', 'system')
 ORDER BY timestamp DESC LIMIT 1;

-- name: message_plan_newest_inbound
-- The message that a read receipt of a conversation names: the newest one with an id of the provider.
-- in: company_id conversation_id since_ms
-- out: id
SELECT id FROM whatsapp_messages
 WHERE company_id = @company_id AND conversation_id = @conversation_id AND timestamp > @since_ms
   AND direction = 'inbound' AND meta_message_id IS NOT NULL
 ORDER BY timestamp DESC, id DESC LIMIT 1;

-- name: message_plan_unsettled
-- Messages that stand at a step of sending, newest first.
-- in: company_id sending before_id limit
-- out: id
SELECT id FROM whatsapp_messages
 WHERE sending IN ('sending', 'unknown') AND sending = @sending AND company_id = @company_id AND id < @before_id
 ORDER BY id DESC LIMIT @limit;

-- name: message_plan_place
-- The conversation of a person on a channel.
-- in: channel_id contact_id
-- out: id
SELECT id FROM whatsapp_conversations WHERE channel_id = @channel_id AND contact_id = @contact_id;
