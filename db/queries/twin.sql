-- Level 2 of the duplicate checks: what looks like the same message under another id.

-- name: twin_find
-- The last message of a conversation and direction within a time, when it says the same. What did not go, or may not have gone,
-- counts for nothing; neither do other twins (who says "ok" each four seconds says it anew), later attempts, and what was for later.
-- in: company_id conversation_id from_ms to_ms id direction type content content_json reply_to sender_source_id
-- out: id
SELECT id FROM (
	SELECT id, type, content, content_json, reply_to, sender_source_id FROM whatsapp_messages
	 WHERE company_id = @company_id AND conversation_id = @conversation_id AND timestamp BETWEEN @from_ms AND @to_ms
	   AND id <> @id AND direction = @direction AND twin_of = 0 AND attempt_of = 0
	   AND status <> 'failed' AND coalesce(sending, '') NOT IN ('cancelled', 'unknown') AND revoked_ms = 0
	 ORDER BY timestamp DESC, id DESC LIMIT 1)
 WHERE type = @type AND content = @content AND coalesce(content_json, '') = @content_json
   AND coalesce(reply_to, '') = @reply_to AND coalesce(sender_source_id, '') = @sender_source_id;

-- name: twin_mark
-- It is suspected to be the same as another one; -1: nothing is compared with it.
-- in: id twin_of
UPDATE whatsapp_messages SET twin_of = @twin_of WHERE id = @id;
