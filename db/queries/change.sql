-- Edits, revokes and reactions.

-- name: change_insert
-- Something happened to a message; message_id 0: it is not here yet. Nothing happens when the same row has told it already:
-- its time would be a later one.
-- in: message_id target kind by_message actor at_ms text content_json before before_json
INSERT INTO message_changes (message_id, target, kind, by_message, actor, at_ms, text, content_json, before, before_json)
SELECT @message_id, @target, @kind, @by_message, @actor, @at_ms, @text, @content_json, @before, @before_json
 WHERE NOT EXISTS (SELECT 1 FROM message_changes
		    WHERE message_id = @message_id AND message_id <> 0 AND by_message = @by_message AND kind = @kind)
   AND NOT EXISTS (SELECT 1 FROM message_changes
		    WHERE target = @target AND message_id = 0 AND by_message = @by_message AND kind = @kind);

-- name: change_target
-- What an act needs to know of the message that it is about.
-- in: meta_message_id
-- out: id conversation_id outbound author edited_ms revoked_ms content content_json
SELECT id, conversation_id, direction = 'outbound' AS outbound, sender_source_id AS author, edited_ms, revoked_ms,
       content, content_json
  FROM whatsapp_messages WHERE meta_message_id = @meta_message_id;

-- name: change_waiting
-- Acts that came before their target, in the order in which they happened.
-- in: target
-- out: id kind conversation_id outbound author at_ms text content_json
SELECT c.id, c.kind, b.conversation_id, b.direction = 'outbound' AS outbound, b.sender_source_id AS author, c.at_ms, c.text,
       c.content_json
  FROM message_changes AS c JOIN whatsapp_messages AS b ON b.id = c.by_message
 WHERE c.target = @target AND c.message_id = 0
 ORDER BY c.at_ms, c.id;

-- name: change_join
-- The target is here.
-- in: id message_id before before_json
UPDATE message_changes SET message_id = @message_id, before = @before, before_json = @before_json WHERE id = @id;

-- name: change_edit
-- The message has another text.
-- in: id text content_json at_ms
UPDATE whatsapp_messages SET content = @text, content_json = @content_json, edited_ms = @at_ms WHERE id = @id;

-- name: change_revoke
-- The message was deleted for everyone.
-- in: id text at_ms
UPDATE whatsapp_messages SET content = @text, content_json = NULL, revoked_ms = @at_ms WHERE id = @id;

-- name: change_list
-- What happened to a message, oldest first.
-- in: message_id
-- out: kind actor at_ms text before by_message by_created_ms
SELECT c.kind, c.actor, c.at_ms, c.text, c.before, c.by_message, b.created_at AS by_created_ms
  FROM message_changes AS c JOIN whatsapp_messages AS b ON b.id = c.by_message
 WHERE c.message_id = @message_id AND c.message_id <> 0
 ORDER BY c.at_ms, c.id;

-- name: change_reactions
-- The reactions that stand: of each person the last one, unless it was taken back.
-- in: message_id
-- out: actor emoji at_ms
SELECT c.actor, c.text AS emoji, c.at_ms FROM message_changes AS c
 WHERE c.message_id = @message_id AND c.message_id <> 0 AND c.kind = 'reaction' AND c.text <> ''
   AND NOT EXISTS (SELECT 1 FROM message_changes AS n
                    WHERE n.message_id = c.message_id AND n.message_id <> 0 AND n.kind = 'reaction' AND n.actor = c.actor
                      AND (n.at_ms > c.at_ms OR (n.at_ms = c.at_ms AND n.id > c.id)))
 ORDER BY c.at_ms, c.id;
