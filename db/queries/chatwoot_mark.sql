-- What Chatwoot was told of a message beside its text.

-- name: chatwoot_mark_load
-- File and delivery state as Chatwoot has them.
-- in: message_id
-- out: file told
SELECT file, told FROM chatwoot_marks WHERE message_id = @message_id;

-- name: chatwoot_mark_file
-- Where its file is there.
-- in: message_id file
INSERT INTO chatwoot_marks (message_id, file) VALUES (@message_id, @file)
ON CONFLICT (message_id) DO UPDATE SET file = excluded.file;

-- name: chatwoot_mark_told
-- The delivery state that Chatwoot has.
-- in: message_id told
INSERT INTO chatwoot_marks (message_id, told) VALUES (@message_id, @told)
ON CONFLICT (message_id) DO UPDATE SET told = excluded.told;

-- name: chatwoot_mark_phone
-- The number that the contact of a conversation has in Chatwoot, as far as we gave it.
-- in: id
-- out: phone
SELECT chatwoot_phone AS phone FROM whatsapp_conversations WHERE id = @id;

-- name: chatwoot_mark_phone_put
-- It was given this one.
-- in: id phone
UPDATE whatsapp_conversations SET chatwoot_phone = @phone WHERE id = @id;
