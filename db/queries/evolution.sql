-- Sends through Evolution that are in doubt.

-- name: evolution_open
-- Sends of a conversation whose provider id is not known yet: on their way or in doubt, or given up by a person while
-- the copy still waits; oldest first.
-- in: conversation_id
-- out: id created_at type content sending leaves
SELECT id, created_at, type, content, sending, leaves FROM whatsapp_messages
 WHERE sending IN ('sending', 'unknown') AND conversation_id = @conversation_id AND meta_message_id IS NULL
UNION ALL
SELECT m.id, m.created_at, m.type, m.content, m.sending, m.leaves
  FROM whatsapp_messages AS c JOIN whatsapp_messages AS m ON m.id = c.attempt_of
 WHERE c.conversation_id = @conversation_id AND c.attempt_of > 0 AND c.sending = 'queued'
   AND m.sending = 'done' AND m.meta_message_id IS NULL AND m.leaves > 0
   AND json_extract(m.error, '$.class') = 'resolved'
 ORDER BY 1;

-- name: evolution_doubt
-- Taken by Evolution, never acknowledged by WhatsApp: it may or may not have left.
-- in: id why
UPDATE whatsapp_messages
   SET sending = 'unknown', error = json_object('reason', @why)
 WHERE id = @id AND sending = 'done' AND status IN ('pending', 'accepted');
