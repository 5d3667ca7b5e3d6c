-- Level 2 of the duplicate checks: what looks like the same message under another id.

-- name: twin_find
-- The message of a conversation that says the same in the same direction within a time; what did not go counts for nothing.
-- in: company_id conversation_id from_ms to_ms id direction type content content_json reply_to sender_source_id
-- out: id
SELECT id FROM whatsapp_messages
 WHERE company_id = @company_id AND conversation_id = @conversation_id AND timestamp BETWEEN @from_ms AND @to_ms
   AND id <> @id AND direction = @direction AND type = @type AND content = @content
   AND coalesce(content_json, '') = @content_json AND coalesce(reply_to, '') = @reply_to
   AND coalesce(sender_source_id, '') = @sender_source_id
   AND status <> 'failed' AND coalesce(sending, '') <> 'cancelled' AND revoked_ms = 0
 ORDER BY timestamp DESC LIMIT 1;

-- name: twin_mark
-- It is suspected to be the same as another one.
-- in: id twin_of
UPDATE whatsapp_messages SET twin_of = @twin_of WHERE id = @id;
