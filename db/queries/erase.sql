-- One person's data: everything that is deleted when they ask for it. What is handed to them: person.sql.

-- name: erase_chatwoot_threads
-- The same threads at Chatwoot.
-- in: contact_id
-- out: chatwoot_conversation_id
SELECT v.chatwoot_conversation_id FROM whatsapp_conversations AS v
 WHERE v.chatwoot_conversation_id <> 0
   AND v.contact_id IN (SELECT c.id FROM contacts AS c WHERE c.id = @contact_id OR c.merged_into = @contact_id);

-- name: erase_chatwoot_deliveries
-- Raw requests of Chatwoot in a range about one of its threads.
-- in: from_id to_id thread
UPDATE webhook_deliveries SET body = x'', body_size = 0, headers = '{}', outcome = 'erased'
 WHERE id >= @from_id AND id < @to_id AND source = 'chatwoot' AND json_valid(CAST(body AS TEXT))
   AND (json_extract(CAST(body AS TEXT), '$.conversation.id') = @thread
        OR (json_extract(CAST(body AS TEXT), '$.event') LIKE 'conversation%' AND json_extract(CAST(body AS TEXT), '$.id') = @thread));

-- name: erase_conversations
-- Threads of a person, also of contacts that were merged into theirs.
-- in: contact_id
-- out: id
SELECT v.id FROM whatsapp_conversations AS v
 WHERE v.contact_id IN (SELECT c.id FROM contacts AS c WHERE c.id = @contact_id OR c.merged_into = @contact_id);

-- name: erase_open_jobs
-- Work of a thread that is not done yet.
-- in: conversation_id
-- out: open
-- scan: jobs are only what is unfinished
SELECT count(*) AS open FROM jobs WHERE okey = @conversation_id;

-- name: erase_aliases
-- Spellings under which the person may stand in raw requests; short ones would hit others.
-- in: contact_id
-- out: alias
SELECT DISTINCT a.alias FROM contact_aliases AS a
 WHERE a.contact_id IN (SELECT c.id FROM contacts AS c WHERE c.id = @contact_id OR c.merged_into = @contact_id)
   AND a.kind <> 'chatwoot' AND length(a.alias) >= 7;

-- name: erase_next_message
-- A message of a thread.
-- in: conversation_id
-- out: id delivery_id media_id meta_message_id
-- scan: the index by conversation begins with the company; one thread at a time
SELECT id, delivery_id, media_id, meta_message_id FROM whatsapp_messages
 WHERE conversation_id = @conversation_id LIMIT 1;

-- name: erase_statuses
-- Statuses.
-- in: message_id
DELETE FROM message_statuses WHERE message_id = @message_id;

-- name: erase_attempts
-- Attempts.
-- in: message_id
DELETE FROM message_attempts WHERE message_id = @message_id;

-- name: erase_message_media
-- Message media.
-- in: message_id
DELETE FROM message_media WHERE message_id = @message_id;

-- name: erase_changes
-- Changes.
-- in: message_id
DELETE FROM message_changes WHERE message_id = @message_id AND message_id <> 0;

-- name: erase_parked
-- Parked.
-- in: meta_message_id
DELETE FROM parked_statuses WHERE meta_message_id = @meta_message_id;

-- name: erase_message
-- Message.
-- in: id
DELETE FROM whatsapp_messages WHERE id = @id;

-- name: erase_delivery
-- The raw request of a message: its bytes go, its row stays, so that counts stay true.
-- in: id
UPDATE webhook_deliveries SET body = x'', body_size = 0, headers = '{}', outcome = 'erased' WHERE id = @id;

-- name: erase_deliveries
-- Raw requests of a range that name the person.
-- in: from_id to_id alias
UPDATE webhook_deliveries SET body = x'', body_size = 0, headers = '{}', outcome = 'erased'
 WHERE id >= @from_id AND id < @to_id AND instr(body, CAST(@alias AS BLOB)) > 0;

-- name: erase_newest_delivery
-- Newest delivery.
-- out: id
SELECT coalesce(max(id), 0) AS id FROM webhook_deliveries;

-- name: erase_media_used
-- Whether another message has this file.
-- in: media_id
-- out: used
SELECT EXISTS (SELECT 1 FROM whatsapp_messages WHERE media_id = @media_id AND media_id <> 0) AS used;

-- name: erase_chatwoot
-- Ids at Chatwoot, before the messages go.
-- in: conversation_id
-- scan: the table has no index by message; an erasure is rare
DELETE FROM chatwoot_messages WHERE message_id IN (SELECT id FROM whatsapp_messages WHERE conversation_id = @conversation_id);

-- name: erase_changes_by
-- Edits and reactions that came with the thread's own messages.
-- in: conversation_id
-- scan: as above
DELETE FROM message_changes WHERE by_message IN (SELECT id FROM whatsapp_messages WHERE conversation_id = @conversation_id);

-- name: erase_events
-- What was published about the thread.
-- in: conversation_id
-- scan: events are kept for days only
DELETE FROM topic_events WHERE okey = @conversation_id;

-- name: erase_letter
-- A dead letter of the thread, or of a request that was erased.
-- in: conversation_id
-- out: id
-- scan: dead letters are few
SELECT l.id FROM dead_letters AS l
 WHERE l.okey = @conversation_id
    OR (l.queue = 'webhooks' AND EXISTS (SELECT 1 FROM webhook_deliveries AS d WHERE d.id = l.ref AND d.outcome = 'erased'))
 LIMIT 1;

-- name: erase_idempotency
-- Answers that were kept for repeated requests.
-- in: alias
-- scan: a day of requests
DELETE FROM idempotency WHERE instr(answer, @alias) > 0;

-- name: erase_labels
-- Labels.
-- in: conversation_id
DELETE FROM conversation_labels WHERE conversation_id = @conversation_id;

-- name: erase_attributes
-- Attributes: they name the thread, which cannot go before them.
-- in: conversation_id
DELETE FROM conversation_attributes WHERE conversation_id = @conversation_id;

-- name: erase_conversation
-- Conversation.
-- in: id
DELETE FROM whatsapp_conversations WHERE id = @id;

-- name: erase_merge_moves
-- Merge moves.
-- in: contact_id
DELETE FROM contact_merge_moves WHERE merge_id IN
	(SELECT id FROM contact_merges WHERE kept_id = @contact_id OR gone_id = @contact_id
	    OR gone_id IN (SELECT id FROM contacts WHERE merged_into = @contact_id));

-- name: erase_merges
-- Merges.
-- in: contact_id
DELETE FROM contact_merges WHERE kept_id = @contact_id OR gone_id = @contact_id
    OR gone_id IN (SELECT id FROM contacts WHERE merged_into = @contact_id);

-- name: erase_contact_aliases
-- Contact aliases.
-- in: contact_id
DELETE FROM contact_aliases WHERE contact_id IN (SELECT id FROM contacts WHERE id = @contact_id OR merged_into = @contact_id);

-- name: erase_contact
-- Contact.
-- in: contact_id
DELETE FROM contacts WHERE id = @contact_id OR merged_into = @contact_id;

-- name: erase_chatwoot_mark
-- With its message.
-- in: message_id
DELETE FROM chatwoot_marks WHERE message_id = @message_id;
