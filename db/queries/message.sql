-- Messages, their way and the words that came back about them.

-- name: message_insert
-- A new message; nothing happens when its provider id is already stored.
-- in: company_id conversation_id channel_id delivery_id direction type status sending sender_type source hop timestamp created_at chatwoot_conversation_id chatwoot_message_id meta_message_id wa_id sender_name sender_user_id sender_source_id reply_to error pricing correlation content content_json
INSERT INTO whatsapp_messages
	(id, company_id, conversation_id, channel_id, delivery_id, direction, type, status, sending, sender_type, source, hop,
	 timestamp, created_at, chatwoot_conversation_id, chatwoot_message_id, meta_message_id, wa_id, sender_name,
	 sender_user_id, sender_source_id, reply_to, error, pricing, correlation, content, content_json, failed_ms)
VALUES ((SELECT max(f.message_id, coalesce((SELECT max(id) FROM whatsapp_messages), 0)) + 1 FROM row_floors AS f WHERE f.id = 1),
	@company_id, @conversation_id, @channel_id, @delivery_id, @direction, @type, @status, @sending, @sender_type,
	@source, @hop, @timestamp, @created_at, @chatwoot_conversation_id, @chatwoot_message_id, @meta_message_id, @wa_id,
	@sender_name, @sender_user_id, @sender_source_id, @reply_to, @error, @pricing, @correlation, @content,
	@content_json, CASE @status WHEN 'failed' THEN @timestamp ELSE 0 END)
ON CONFLICT (meta_message_id) WHERE meta_message_id IS NOT NULL DO NOTHING;

-- name: message_fill
-- The body of a message of a history came later.
-- in: id delivery_id type content content_json
UPDATE whatsapp_messages
   SET type = @type, content = @content, content_json = @content_json, delivery_id = @delivery_id
 WHERE id = @id AND type = 'media_placeholder';

-- name: message_load
-- One message.
-- in: id
-- out: id company_id conversation_id channel_id delivery_id direction type status sending sending_boot sender_type source hop timestamp created_at chatwoot_conversation_id chatwoot_message_id meta_message_id wa_id sender_name sender_user_id sender_source_id reply_to error pricing correlation content content_json edited_ms revoked_ms failed_ms reached conversation_info replaced_by
SELECT id, company_id, conversation_id, channel_id, delivery_id, direction, type, status, sending, sending_boot,
       sender_type, source, hop, timestamp, created_at, chatwoot_conversation_id, chatwoot_message_id, meta_message_id,
       wa_id, sender_name, sender_user_id, sender_source_id, reply_to, error, pricing, correlation, content,
       content_json, edited_ms, revoked_ms, failed_ms, reached, conversation_info, replaced_by
  FROM whatsapp_messages WHERE id = @id;

-- name: message_by_meta
-- The message with this provider id.
-- in: meta_message_id
-- out: id
SELECT coalesce((SELECT id FROM whatsapp_messages WHERE meta_message_id = @meta_message_id),
		(SELECT message_id FROM message_tries WHERE meta_message_id = @meta_message_id)) AS id
 WHERE id IS NOT NULL;

-- name: message_list
-- Messages of a conversation, newest first.
-- in: company_id conversation_id before_ts before_id limit
-- out: id company_id conversation_id channel_id delivery_id direction type status sending sending_boot sender_type source hop timestamp created_at chatwoot_conversation_id chatwoot_message_id meta_message_id wa_id sender_name sender_user_id sender_source_id reply_to error pricing correlation content content_json edited_ms revoked_ms failed_ms reached conversation_info replaced_by
SELECT id, company_id, conversation_id, channel_id, delivery_id, direction, type, status, sending, sending_boot,
       sender_type, source, hop, timestamp, created_at, chatwoot_conversation_id, chatwoot_message_id, meta_message_id,
       wa_id, sender_name, sender_user_id, sender_source_id, reply_to, error, pricing, correlation, content,
       content_json, edited_ms, revoked_ms, failed_ms, reached, conversation_info, replaced_by
  FROM whatsapp_messages
 WHERE company_id = @company_id AND conversation_id = @conversation_id
   AND timestamp <= @before_ts AND (timestamp < @before_ts OR id < @before_id)
 ORDER BY timestamp DESC, id DESC
 LIMIT @limit;

-- name: message_newer
-- Messages of a conversation directly behind a place, oldest first.
-- in: company_id conversation_id ts id limit
-- out: id
SELECT id FROM whatsapp_messages
 WHERE company_id = @company_id AND conversation_id = @conversation_id
   AND timestamp >= @ts AND (timestamp > @ts OR id > @id)
 ORDER BY timestamp, id
 LIMIT @limit;

-- name: message_list_all
-- Messages of all conversations of a company, last stored first.
-- in: company_id before_id limit
-- out: id company_id conversation_id channel_id delivery_id direction type status sending sending_boot sender_type source hop timestamp created_at chatwoot_conversation_id chatwoot_message_id meta_message_id wa_id sender_name sender_user_id sender_source_id reply_to error pricing correlation content content_json edited_ms revoked_ms failed_ms reached conversation_info replaced_by
-- scan: passes over the messages of other companies
SELECT id, company_id, conversation_id, channel_id, delivery_id, direction, type, status, sending, sending_boot,
       sender_type, source, hop, timestamp, created_at, chatwoot_conversation_id, chatwoot_message_id, meta_message_id,
       wa_id, sender_name, sender_user_id, sender_source_id, reply_to, error, pricing, correlation, content,
       content_json, edited_ms, revoked_ms, failed_ms, reached, conversation_info, replaced_by
  FROM whatsapp_messages
 WHERE id < @before_id AND +company_id = @company_id
 ORDER BY id DESC
 LIMIT @limit;

-- name: message_list_time
-- Messages of a time over all conversations of a company, newest first. direction: NULL for both.
-- in: company_id direction from_ms before_ts before_id limit
-- out: id company_id conversation_id channel_id delivery_id direction type status sending sending_boot sender_type source hop timestamp created_at chatwoot_conversation_id chatwoot_message_id meta_message_id wa_id sender_name sender_user_id sender_source_id reply_to error pricing correlation content content_json edited_ms revoked_ms failed_ms reached conversation_info replaced_by
SELECT id, company_id, conversation_id, channel_id, delivery_id, direction, type, status, sending, sending_boot,
       sender_type, source, hop, timestamp, created_at, chatwoot_conversation_id, chatwoot_message_id, meta_message_id,
       wa_id, sender_name, sender_user_id, sender_source_id, reply_to, error, pricing, correlation, content,
       content_json, edited_ms, revoked_ms, failed_ms, reached, conversation_info, replaced_by
  FROM whatsapp_messages
 WHERE id > 0 AND company_id = @company_id AND timestamp >= @from_ms
   AND timestamp <= @before_ts AND (timestamp < @before_ts OR id < @before_id)
   AND (@direction IS NULL OR direction = @direction)
 ORDER BY timestamp DESC, id DESC
 LIMIT @limit;

-- name: message_move
-- One step of sending, if the message stands where the step begins.
-- in: id from to boot
UPDATE whatsapp_messages SET sending = @to, sending_boot = @boot, leaves = leaves + (@to = 'sending')
 WHERE id = @id AND sending = @from;

-- name: message_unknown
-- It may or may not have been sent.
-- in: id why
UPDATE whatsapp_messages
   SET sending = 'unknown', error = json_object('reason', @why)
 WHERE id = @id AND sending = 'sending';

-- name: message_reopen
-- It was in doubt and is provably not sent: it may be sent.
-- in: id
UPDATE whatsapp_messages SET sending = 'queued', sending_boot = 0, error = NULL WHERE id = @id AND sending = 'unknown';

-- name: message_accept
-- The provider took it and gave it an id, unless another message bears that. What a person had given up in between is
-- not failed then; what a status called failed, is.
-- in: id meta_message_id
UPDATE whatsapp_messages
   SET meta_message_id = CASE
	WHEN meta_message_id IS NULL OR NOT EXISTS (SELECT 1 FROM whatsapp_messages WHERE meta_message_id = @meta_message_id)
	THEN @meta_message_id ELSE meta_message_id END,
       error = CASE WHEN sending = 'unknown' THEN NULL
		    WHEN status = 'failed' AND NOT EXISTS
			 (SELECT 1 FROM message_statuses WHERE message_id = @id AND status = 'failed') THEN NULL
		    ELSE error END,
       failed_ms = CASE WHEN status = 'failed' AND NOT EXISTS
			     (SELECT 1 FROM message_statuses WHERE message_id = @id AND status = 'failed') THEN 0
			ELSE failed_ms END,
       sending = 'done',
       status = CASE WHEN status = 'pending' THEN 'accepted'
		     WHEN status = 'failed' AND NOT EXISTS
			  (SELECT 1 FROM message_statuses WHERE message_id = @id AND status = 'failed') THEN 'accepted'
		     ELSE status END
 WHERE id = @id AND sending IN ('sending', 'unknown', 'done');

-- name: message_fail
-- It will not be sent, or was refused; what a device has, stays. Not one that is settled: its outcome is known.
-- in: id error now_ms
UPDATE whatsapp_messages
   SET sending = 'done', error = @error, failed_ms = @now_ms,
       reached = CASE WHEN status IN ('failed', 'delivered', 'read', 'played') THEN reached ELSE status END,
       status = CASE WHEN status IN ('delivered', 'read', 'played') THEN status ELSE 'failed' END
 WHERE id = @id AND sending IN ('queued', 'sending', 'unknown');

-- name: message_chatwoot
-- Its counterpart in Chatwoot.
-- in: id chatwoot_conversation_id chatwoot_message_id
UPDATE whatsapp_messages
   SET chatwoot_conversation_id = @chatwoot_conversation_id, chatwoot_message_id = @chatwoot_message_id
 WHERE id = @id;

-- name: message_own
-- Of a message that we sent, what a status may change; found by our own id, or (id 0) by the provider's, of the row or of
-- another try of it. tried: which try this provider id is of; try_failed: nothing when the id is not among the tries;
-- other_gone: another id of it went, as far as is known.
-- in: id meta_message_id
-- out: id status sending meta_message_id created_at leaves tried try_failed failed_told other_gone
SELECT m.id, m.status, m.sending, m.meta_message_id, m.created_at, m.leaves, coalesce(t.n, m.leaves) AS tried,
       t.failed_ms AS try_failed,
       EXISTS (SELECT 1 FROM message_statuses AS s WHERE s.message_id = m.id AND s.status = 'failed') AS failed_told,
       EXISTS (SELECT 1 FROM message_tries AS o
		WHERE o.message_id = m.id AND o.failed_ms = 0 AND o.meta_message_id <> @meta_message_id)
       OR (m.meta_message_id IS NOT NULL AND m.meta_message_id <> @meta_message_id AND NOT EXISTS
	   (SELECT 1 FROM message_tries AS o WHERE o.meta_message_id = m.meta_message_id AND o.failed_ms > 0)) AS other_gone
  FROM whatsapp_messages AS m LEFT JOIN message_tries AS t ON t.meta_message_id = @meta_message_id
 WHERE m.id = CASE WHEN @id <> 0 THEN @id
	       ELSE coalesce((SELECT id FROM whatsapp_messages WHERE meta_message_id = @meta_message_id),
			     (SELECT message_id FROM message_tries WHERE meta_message_id = @meta_message_id)) END
   AND m.direction = 'outbound';

-- name: message_try_keep
-- The provider's answer names another id than the row has: statuses of that one are found on.
-- in: id meta_message_id
INSERT INTO message_tries (meta_message_id, message_id, n, failed_ms)
SELECT meta_message_id, id, leaves, 0 FROM whatsapp_messages WHERE id = @id AND meta_message_id <> @meta_message_id
ON CONFLICT DO NOTHING;

-- name: message_try_not_sent
-- It was in doubt, has an id, and is provably not sent: what is told of that id is about a try that failed.
-- in: id now_ms
INSERT INTO message_tries (meta_message_id, message_id, n, failed_ms)
SELECT meta_message_id, id, leaves, @now_ms FROM whatsapp_messages WHERE id = @id AND meta_message_id IS NOT NULL
ON CONFLICT (meta_message_id) DO UPDATE SET failed_ms = @now_ms WHERE failed_ms = 0;

-- name: message_try_add
-- An id of one try, and whether that failed. Nothing happens when it says nothing new.
-- in: meta_message_id id n failed_ms
INSERT INTO message_tries (meta_message_id, message_id, n, failed_ms) VALUES (@meta_message_id, @id, @n, @failed_ms)
ON CONFLICT (meta_message_id) DO UPDATE SET failed_ms = @failed_ms WHERE failed_ms = 0 AND @failed_ms > 0;

-- name: message_set_meta
-- The provider's id, learned from a status before our own request was answered.
-- in: id meta_message_id
UPDATE OR IGNORE whatsapp_messages SET meta_message_id = @meta_message_id WHERE id = @id;

-- name: message_set_gone
-- The try whose id it bore failed, and another went: acts, quotes and reactions are about that one from now on.
-- in: id
UPDATE whatsapp_messages
   SET meta_message_id = (SELECT meta_message_id FROM message_tries WHERE message_id = @id AND failed_ms = 0
			   ORDER BY n DESC LIMIT 1)
 WHERE id = @id AND EXISTS (SELECT 1 FROM message_tries WHERE message_id = @id AND failed_ms = 0);

-- name: message_status_insert
-- A word about a message, once.
-- in: message_id status recipient at_ms recorded_ms error
INSERT INTO message_statuses (message_id, status, recipient, at_ms, recorded_ms, error)
VALUES (@message_id, @status, @recipient, @at_ms, @recorded_ms, @error)
ON CONFLICT DO NOTHING;

-- name: message_status_apply
-- What a status changes in the row: it settles the sending (also of one that waits for another try: it left all the
-- same, and a second send would be a copy; and of one that was cancelled) and may raise the status. What left was not
-- refused.
-- in: id status error pricing conversation failed_ms
UPDATE whatsapp_messages
   SET status = @status,
       failed_ms = CASE WHEN status = 'failed' AND @status IN ('accepted', 'sent') THEN 0
			ELSE max(failed_ms, @failed_ms) END,
       reached = CASE WHEN @status = 'failed' AND status <> 'failed' THEN status ELSE reached END,
       conversation_info = coalesce(@conversation, conversation_info),
       error = CASE WHEN @error IS NOT NULL THEN @error WHEN sending = 'unknown' THEN NULL
		    WHEN status = 'failed' AND @status IN ('accepted', 'sent') THEN NULL ELSE error END,
       sending = CASE WHEN sending IN ('queued', 'sending', 'unknown', 'cancelled') THEN 'done' ELSE sending END,
       pricing = coalesce(@pricing, pricing)
 WHERE id = @id;

-- name: message_status_list
-- The history of a message.
-- in: id
-- out: status recipient at_ms error
SELECT status, recipient, at_ms, error FROM message_statuses WHERE message_id = @id ORDER BY at_ms, recorded_ms, status;

-- name: message_park
-- A status of a message that we do not know (yet).
-- in: meta_message_id status recipient at_ms parked_ms error pricing conversation
INSERT INTO parked_statuses (meta_message_id, status, recipient, at_ms, parked_ms, error, pricing, conversation)
VALUES (@meta_message_id, @status, @recipient, @at_ms, @parked_ms, @error, @pricing, @conversation)
ON CONFLICT DO NOTHING;

-- name: message_parked
-- What waits for this provider id.
-- in: meta_message_id
-- out: status recipient at_ms error pricing conversation
SELECT status, recipient, at_ms, error, pricing, conversation
  FROM parked_statuses WHERE meta_message_id = @meta_message_id ORDER BY at_ms, id;

-- name: message_unpark
-- Forgets what waited for this provider id.
-- in: meta_message_id
DELETE FROM parked_statuses WHERE meta_message_id = @meta_message_id;

-- name: message_trim_parked
-- Forgets statuses that nobody asked for; they are stored in the order of parked_ms.
-- in: before_ms limit
DELETE FROM parked_statuses
 WHERE id IN (SELECT id FROM parked_statuses ORDER BY id LIMIT @limit) AND parked_ms < @before_ms;

-- name: message_recover
-- At start: what an earlier run of the program was sending.
-- in: boot
UPDATE whatsapp_messages
   SET sending = 'unknown', error = json_object('reason', 'the program ended while this was being sent')
 WHERE sending IN ('sending', 'unknown') AND sending = 'sending' AND sending_boot <> @boot;

-- name: message_link
-- A message id of Chatwoot that we made or met.
-- in: target_id chatwoot_message_id message_id origin created_ms
INSERT INTO chatwoot_messages (target_id, chatwoot_message_id, message_id, origin, created_ms)
VALUES (@target_id, @chatwoot_message_id, @message_id, @origin, @created_ms)
ON CONFLICT DO NOTHING;

-- name: message_prove
-- Counts the table.
-- out: inbound outbound queued sending settled unknown cancelled
-- scan: it is the point
SELECT count(*) FILTER (WHERE direction = 'inbound') AS inbound,
       count(*) FILTER (WHERE direction = 'outbound') AS outbound,
       count(*) FILTER (WHERE sending = 'queued') AS queued,
       count(*) FILTER (WHERE sending = 'sending') AS sending,
       count(*) FILTER (WHERE sending = 'done') AS settled,
       count(*) FILTER (WHERE sending = 'unknown') AS unknown,
       count(*) FILTER (WHERE sending = 'cancelled') AS cancelled
  FROM whatsapp_messages;

-- name: message_linked
-- Whether we know a message of Chatwoot.
-- in: target_id chatwoot_message_id
-- out: message_id
SELECT message_id FROM chatwoot_messages WHERE target_id = @target_id AND chatwoot_message_id = @chatwoot_message_id;

-- name: message_linked_before
-- The newest message of Chatwoot that was known at a time. Its ids rise: what is posted later has a higher one.
-- in: target_id before_ms
-- out: chatwoot_message_id
SELECT chatwoot_message_id FROM chatwoot_messages WHERE target_id = @target_id AND created_ms < @before_ms
 ORDER BY chatwoot_message_id DESC LIMIT 1;

-- name: message_linked_in
-- The newest message of Chatwoot in one conversation that was known at a time.
-- in: company_id conversation_id target_id before_ms
-- out: chatwoot_message_id
SELECT m.chatwoot_message_id
  FROM whatsapp_messages AS m
  JOIN chatwoot_messages AS c ON c.target_id = @target_id AND c.chatwoot_message_id = m.chatwoot_message_id
 WHERE m.company_id = @company_id AND m.conversation_id = @conversation_id AND m.chatwoot_message_id > 0
   AND c.created_ms < @before_ms
 ORDER BY m.timestamp DESC LIMIT 1;
