-- One person's data: everything that is deleted when they ask for it. What is handed to them: person.sql.

-- name: erase_chatwoot_threads
-- The same threads at Chatwoot.
-- in: contact_id
-- out: chatwoot_conversation_id
SELECT v.chatwoot_conversation_id FROM whatsapp_conversations AS v
 WHERE v.chatwoot_conversation_id <> 0
   AND v.contact_id IN (SELECT c.id FROM contacts AS c WHERE c.id = @contact_id OR c.merged_into = @contact_id);

-- name: erase_chatwoot_deliveries
-- Raw requests of Chatwoot in a range about one of its threads, that were read.
-- in: from_id to_id thread hooks_first hooks_last
UPDATE webhook_deliveries SET body = x'', body_size = 0, headers = '{}', outcome = 'erased'
 WHERE id >= @from_id AND id < @to_id AND source = 'chatwoot' AND json_valid(CAST(body AS TEXT))
   AND (json_extract(CAST(body AS TEXT), '$.conversation.id') = @thread
        OR (json_extract(CAST(body AS TEXT), '$.event') LIKE 'conversation%' AND json_extract(CAST(body AS TEXT), '$.id') = @thread))
   AND id NOT IN (SELECT ref FROM jobs WHERE id BETWEEN @hooks_first AND @hooks_last);

-- name: erase_conversations
-- Threads of a person, also of contacts that were merged into theirs.
-- in: contact_id
-- out: id
SELECT v.id FROM whatsapp_conversations AS v
 WHERE v.contact_id IN (SELECT c.id FROM contacts AS c WHERE c.id = @contact_id OR c.merged_into = @contact_id);

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
UPDATE webhook_deliveries SET body = x'', body_size = 0, headers = '{}', outcome = 'erased'
 WHERE id = @id AND outcome IS NOT 'erased';

-- name: erase_media_used
-- Whether another message has this file.
-- in: media_id
-- out: used
SELECT EXISTS (SELECT 1 FROM whatsapp_messages WHERE media_id = @media_id AND media_id <> 0) AS used;

-- name: erase_events
-- What was published about the thread.
-- in: conversation_id
-- scan: events are kept for days only
DELETE FROM topic_events WHERE okey = @conversation_id;

-- name: erase_labels
-- Labels.
-- in: conversation_id
DELETE FROM conversation_labels WHERE conversation_id = @conversation_id;

-- name: erase_attributes
-- Attributes: they name the thread, which cannot go before them.
-- in: conversation_id
DELETE FROM conversation_attributes WHERE conversation_id = @conversation_id;

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

-- name: erase_open_jobs
-- Work about a thread that is not done yet: in its order, or about the file of one of its messages. The bits above the mask
-- of a key are a target's.
-- in: conversation_id mask media_first media_last
-- out: open
-- scan: jobs are only what is unfinished
SELECT count(*) AS open FROM jobs AS j
 WHERE (j.okey <> 0 AND (j.okey & @mask) = @conversation_id)
    OR (j.id BETWEEN @media_first AND @media_last
        AND EXISTS (SELECT 1 FROM whatsapp_messages AS m WHERE m.id = j.ref AND m.conversation_id = @conversation_id));

-- name: erase_waiting
-- How many requests wait to be read.
-- in: hooks_first hooks_last
-- out: waiting
SELECT count(*) AS waiting FROM jobs WHERE id BETWEEN @hooks_first AND @hooks_last;

-- name: erase_waiting_of
-- How many of those name the person.
-- in: hooks_first hooks_last contact_id
-- out: waiting
SELECT count(*) AS waiting FROM jobs AS j JOIN webhook_deliveries AS d ON d.id = j.ref
 WHERE j.id BETWEEN @hooks_first AND @hooks_last
   AND EXISTS (SELECT 1 FROM contact_aliases AS a
                WHERE a.contact_id IN (SELECT c.id FROM contacts AS c WHERE c.id = @contact_id OR c.merged_into = @contact_id)
                  AND a.kind <> 'chatwoot' AND length(a.alias) >= 7 AND instr(d.body, CAST(ltrim(a.alias, '+') AS BLOB)) > 0);

-- name: erase_begin
-- The erasure, with the spellings under which the person may stand in raw requests; short ones would hit others.
-- in: company_id contact_id now_ms asked_by
INSERT INTO erasures (company_id, contact_id, state, asked_ms, asked_by, newest_delivery, aliases)
VALUES (@company_id, @contact_id, 'rows', @now_ms, coalesce(@asked_by, ''), (SELECT coalesce(max(id), 0) FROM webhook_deliveries),
	(SELECT json_group_array(DISTINCT ltrim(a.alias, '+')) FROM contact_aliases AS a
	  WHERE a.contact_id IN (SELECT c.id FROM contacts AS c WHERE c.id = @contact_id OR c.merged_into = @contact_id)
	    AND a.kind <> 'chatwoot' AND length(a.alias) >= 7));

-- name: erase_persons
-- The person and who was merged into them: what tells them from others without naming them.
-- in: contact_id
-- out: id company_id created_ms
SELECT id, company_id, created_ms FROM contacts WHERE id = @contact_id OR merged_into = @contact_id;

-- name: erase_is_there
-- Whether somebody who was erased is here (again).
-- in: contact_id company_id created_ms
-- out: is_there
SELECT EXISTS (SELECT 1 FROM contacts WHERE id = @contact_id AND company_id = @company_id AND created_ms = @created_ms) AS is_there;

-- name: erase_job
-- The next job in the order of one of the person's threads.
-- in: contact_id after mask
-- out: id
-- scan: jobs are only what is unfinished
SELECT j.id FROM jobs AS j
 WHERE j.id > @after AND j.okey <> 0 AND (j.okey & @mask) IN (
       SELECT v.id FROM whatsapp_conversations AS v
        WHERE v.contact_id IN (SELECT c.id FROM contacts AS c WHERE c.id = @contact_id OR c.merged_into = @contact_id))
 ORDER BY j.id LIMIT 1;

-- name: erase_find
-- An erasure of this person that is not through with its rows.
-- in: contact_id
-- out: id
SELECT id FROM erasures WHERE state <> 'done' AND state = 'rows' AND contact_id = @contact_id;

-- name: erase_next
-- The next erasure in a state.
-- in: state after
-- out: id company_id contact_id
SELECT id, company_id, contact_id FROM erasures WHERE state <> 'done' AND state = @state AND id > @after ORDER BY id LIMIT 1;

-- name: erase_load
-- How far an erasure is.
-- in: id
-- out: state company_id contact_id newest_delivery messages deliveries letters files conversations
SELECT state, company_id, contact_id, newest_delivery, messages, deliveries, letters, files, conversations FROM erasures WHERE id = @id;

-- name: erase_names
-- The spellings.
-- in: id
-- out: alias
SELECT j.value AS alias FROM erasures AS x, json_each(x.aliases) AS j WHERE x.id = @id;

-- name: erase_add
-- What a step of it took away.
-- in: id messages deliveries letters files conversations
UPDATE erasures SET messages = messages + @messages, deliveries = deliveries + @deliveries, letters = letters + @letters,
	files = files + @files, conversations = conversations + @conversations WHERE id = @id;

-- name: erase_rows_gone
-- Nothing stands in a row any more; the spellings go too.
-- in: id now_ms
UPDATE erasures SET state = 'pages', rows_ms = @now_ms, aliases = NULL WHERE id = @id AND state = 'rows';

-- name: erase_done
-- Nothing can be read in the files any more, of those up to one.
-- in: up_to_id now_ms
UPDATE erasures SET state = 'done', done_ms = @now_ms WHERE state <> 'done' AND state = 'pages' AND id <= @up_to_id;

-- name: erase_tries
-- Provider ids of a message's earlier tries.
-- in: message_id
-- out: meta_message_id
SELECT meta_message_id FROM message_tries WHERE message_id = @message_id;

-- name: erase_digest
-- The provider's id of an erased message.
-- in: digest now_ms
INSERT INTO erased_messages (digest, erased_ms) VALUES (@digest, @now_ms)
ON CONFLICT (digest) DO UPDATE SET erased_ms = excluded.erased_ms;

-- name: erase_known
-- Whether a message with this provider id was erased.
-- in: digest
-- out: digest
SELECT digest FROM erased_messages WHERE digest = @digest;

-- name: erase_left
-- Messages of a thread that came meanwhile (a person or a program wrote in it).
-- in: conversation_id
-- out: left
SELECT EXISTS (SELECT 1 FROM whatsapp_messages WHERE conversation_id = @conversation_id
	AND company_id = (SELECT v.company_id FROM whatsapp_conversations AS v WHERE v.id = @conversation_id)) AS left;

-- name: erase_groups
-- Whether anybody writes in groups here.
-- out: some
-- scan: ends at the first group; without one the contacts are passed once
SELECT EXISTS (SELECT 1 FROM contacts WHERE kind = 'group') AS some;

-- name: erase_newest_message
-- Newest message.
-- out: id
SELECT coalesce(max(id), 0) AS id FROM whatsapp_messages;

-- name: erase_in_group
-- What the person wrote in a group, in a range of messages.
-- in: from_id to_id alias
-- out: id delivery_id media_id meta_message_id
SELECT id, delivery_id, media_id, meta_message_id FROM whatsapp_messages
 WHERE id >= @from_id AND id < @to_id AND sender_source_id IS NOT NULL
   AND (ltrim(sender_source_id, '+') = @alias OR sender_source_id = @alias || char(64) || 'lid') LIMIT 1;

-- name: erase_group_statuses
-- When the person got and read what was written in groups.
-- in: from_id to_id alias
DELETE FROM message_statuses WHERE message_id >= @from_id AND message_id < @to_id AND ltrim(recipient, '+') = @alias;

-- name: erase_deliveries
-- Raw requests of a range that name the person and were read.
-- in: from_id to_id alias hooks_first hooks_last
UPDATE webhook_deliveries SET body = x'', body_size = 0, headers = '{}', outcome = 'erased'
 WHERE id >= @from_id AND id < @to_id AND instr(body, CAST(@alias AS BLOB)) > 0
   AND id NOT IN (SELECT ref FROM jobs WHERE id BETWEEN @hooks_first AND @hooks_last);

-- name: erase_letter
-- A dead letter of the thread, of a request that was erased, or of the file of a message that is gone.
-- in: conversation_id mask
-- out: id
-- scan: dead letters are few
SELECT l.id FROM dead_letters AS l
 WHERE (l.okey <> 0 AND (l.okey & @mask) = @conversation_id)
    OR (l.queue = 'webhooks' AND EXISTS (SELECT 1 FROM webhook_deliveries AS d WHERE d.id = l.ref AND d.outcome = 'erased'))
    OR (l.queue = 'media' AND NOT EXISTS (SELECT 1 FROM whatsapp_messages AS m WHERE m.id = l.ref))
 LIMIT 1;

-- name: erase_letter_of
-- A dead letter that names the person.
-- in: alias
-- out: id
-- scan: dead letters are few
SELECT l.id FROM dead_letters AS l
 WHERE instr(coalesce(l.payload, ''), @alias) > 0 OR instr(l.error, @alias) > 0 OR instr(coalesce(l.history, ''), @alias) > 0
 LIMIT 1;

-- name: erase_idempotency
-- Answers that were kept for repeated requests: the key stays, or the repetition would be sent once more.
-- in: alias
-- scan: a day of requests
UPDATE idempotency SET answer = '{"erased":true}' WHERE instr(answer, @alias) > 0;

-- name: erase_actor
-- What the person did to messages of others, or to messages that never came.
-- in: alias
-- scan: edits and reactions only
DELETE FROM message_changes WHERE ltrim(actor, '+') = @alias;

-- name: erase_changes_by
-- Edits and reactions that came with a message of the person.
-- in: conversation_id
-- scan: edits and reactions only
DELETE FROM message_changes WHERE by_message IN (SELECT id FROM whatsapp_messages WHERE conversation_id = @conversation_id);

-- name: erase_parked_of
-- Statuses in a group of messages that are not here.
-- in: alias
-- scan: a day of statuses
DELETE FROM parked_statuses WHERE ltrim(recipient, '+') = @alias;

-- name: erase_incidents_of
-- Incidents that name the person.
-- in: alias
-- scan: incidents are few
DELETE FROM incidents WHERE instr(subject || text || coalesce(args, ''), @alias) > 0;

-- name: erase_incidents
-- Incidents about a thread.
-- in: subject
-- scan: incidents are few
DELETE FROM incidents WHERE subject = @subject;

-- name: erase_channel_events
-- Entries of the journals of channels that name the person.
-- in: alias
-- scan: a few hundred a channel
DELETE FROM channel_events WHERE instr(detail, @alias) > 0;

-- name: erase_file_name
-- A file that leaves has no name any more: the first one may say much.
-- in: id
UPDATE media SET filename = NULL WHERE id = @id;

-- name: erase_conversation
-- Conversation.
-- in: id
DELETE FROM whatsapp_conversations WHERE id = @id;

-- name: erase_contact_aliases
-- The person is met by nobody any more: whoever writes from now on is new.
-- in: contact_id
DELETE FROM contact_aliases WHERE contact_id IN (SELECT id FROM contacts WHERE id = @contact_id OR merged_into = @contact_id);

-- name: erase_contact
-- Contact.
-- in: contact_id
DELETE FROM contacts WHERE id = @contact_id OR merged_into = @contact_id;

-- name: erase_trim
-- Digests of long ago, which no peer tells of any more.
-- in: before_ms limit
-- scan: erased messages only
DELETE FROM erased_messages WHERE digest IN (SELECT digest FROM erased_messages WHERE erased_ms < @before_ms LIMIT @limit);

-- name: erase_chatwoot_mark
-- With its message.
-- in: message_id
DELETE FROM chatwoot_marks WHERE message_id = @message_id;

-- name: erase_list
-- Erasures of a company, newest first.
-- in: company_id before_id limit
-- out: id asked_ms asked_by done_ms state messages deliveries letters files conversations
-- scan: passes over other companies
SELECT id, asked_ms, asked_by, done_ms, state, messages, deliveries, letters, files, conversations FROM erasures
 WHERE company_id = @company_id AND id < @before_id ORDER BY id DESC LIMIT @limit;
