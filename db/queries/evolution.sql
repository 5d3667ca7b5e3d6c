-- Sends through Evolution that are in doubt.

-- name: evolution_open
-- Sends of a conversation whose provider id is not known yet: on their way or in doubt, oldest first.
-- in: conversation_id
-- out: id created_at type content sending
SELECT id, created_at, type, content, sending FROM whatsapp_messages
 WHERE sending IN ('sending', 'unknown') AND conversation_id = @conversation_id AND meta_message_id IS NULL
 ORDER BY id;

-- name: evolution_doubt
-- Taken by Evolution, never acknowledged by WhatsApp: it may or may not have left.
-- in: id why
UPDATE whatsapp_messages
   SET sending = 'unknown', error = json_object('reason', @why)
 WHERE id = @id AND sending = 'done' AND status IN ('pending', 'accepted');
