-- Files of messages.

-- name: message_media_insert
-- What the peer says of a message's file; nothing happens when it is known.
-- in: message_id provider peer_id mime filename sha256 bytes voice animated asked_ms reason
INSERT INTO message_media (message_id, provider, peer_id, mime, filename, sha256, bytes, voice, animated, asked_ms, reason)
VALUES (@message_id, @provider, @peer_id, @mime, @filename, @sha256, @bytes, @voice, @animated, @asked_ms, @reason)
ON CONFLICT (message_id) DO NOTHING;

-- name: message_media_state
-- How far a message's file is; the row of the file when it is stored.
-- in: message_id state media_id url mime
UPDATE whatsapp_messages
   SET media_state = @state, media_id = @media_id, media_url = @url, media_type = coalesce(@mime, media_type)
 WHERE id = @message_id;

-- name: message_media_reason
-- Why a message's file is not here; NULL: nothing is wrong.
-- in: message_id reason
UPDATE message_media SET reason = @reason WHERE message_id = @message_id;

-- name: message_media_load
-- A message's file: what was said of it, how far it is, what is stored.
-- in: message_id
-- out: message_id company_id conversation_id channel_id delivery_id hop correlation state provider peer_id told_mime filename told_sha256 told_bytes voice animated asked_ms reason media_id media_created_ms mime bytes sha256 traits
SELECT m.id AS message_id, m.company_id, m.conversation_id, m.channel_id, m.delivery_id, m.hop, m.correlation,
       m.media_state AS state, w.provider, w.peer_id, w.mime AS told_mime, w.filename, w.sha256 AS told_sha256,
       w.bytes AS told_bytes, w.voice, w.animated, w.asked_ms, w.reason,
       f.id AS media_id, f.created_ms AS media_created_ms, f.mime, f.bytes, f.sha256, f.traits
  FROM message_media AS w
  JOIN whatsapp_messages AS m ON m.id = w.message_id
  LEFT JOIN media AS f ON f.id = m.media_id
 WHERE w.message_id = @message_id;
