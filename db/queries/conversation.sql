-- The thread of a contact on a channel, and its aggregate.

-- name: conversation_lookup
-- The conversation of a channel and contact; same: its address is the asked one.
-- in: channel_id contact_id wa_id
-- out: id same
SELECT id, wa_id = @wa_id AS same FROM whatsapp_conversations
 WHERE channel_id = @channel_id AND contact_id = @contact_id;

-- name: conversation_insert
-- A new conversation.
-- in: company_id channel_id contact_id wa_id created_ms
INSERT INTO whatsapp_conversations (id, company_id, channel_id, contact_id, wa_id, created_ms)
VALUES ((SELECT max(f.conversation_id, coalesce((SELECT max(id) FROM whatsapp_conversations), 0)) + 1 FROM row_floors AS f WHERE f.id = 1),
	@company_id, @channel_id, @contact_id, @wa_id, @created_ms);

-- name: conversation_address
-- The address to send to changed.
-- in: id wa_id
UPDATE whatsapp_conversations SET wa_id = @wa_id WHERE id = @id;

-- name: conversation_load
-- One conversation with the name of its contact.
-- in: id
-- out: id company_id channel_id contact_id wa_id status contact_name unread_count last_message_at last_message_id last_inbound_ms chatwoot_conversation_id chatwoot_contact_id chatwoot_source_id automation_off_until_ms snoozed_until_ms created_ms assigned_user_id assigned_name assigned_created_ms labels last_content merged_into contact_kind
SELECT v.id, v.company_id, v.channel_id, v.contact_id, v.wa_id, v.status, c.name AS contact_name, v.unread_count,
       v.last_message_at, v.last_message_id, v.last_inbound_ms, v.chatwoot_conversation_id, v.chatwoot_contact_id,
       v.chatwoot_source_id, v.automation_off_until_ms, v.snoozed_until_ms, v.created_ms, v.assigned_user_id, u.name AS assigned_name,
       u.created_ms AS assigned_created_ms,
       (SELECT json_group_array(l.label) FROM conversation_labels AS l WHERE l.conversation_id = v.id) AS labels,
       NULL AS last_content, v.merged_into, c.kind AS contact_kind
  FROM whatsapp_conversations AS v JOIN contacts AS c ON c.id = v.contact_id
  LEFT JOIN users AS u ON u.id = v.assigned_user_id
 WHERE v.id = @id;

-- name: conversation_by_chatwoot
-- The conversation that Chatwoot knows under this number.
-- in: company_id chatwoot_conversation_id
-- out: id
SELECT coalesce(nullif(merged_into, 0), id) AS id FROM whatsapp_conversations
 WHERE company_id = @company_id AND chatwoot_conversation_id = @chatwoot_conversation_id
   AND chatwoot_conversation_id <> 0
 ORDER BY merged_into, id DESC
 LIMIT 1;

-- name: conversation_touch
-- A message came or went: later time wins, at the same time the later stored one. What a customer writes wakes what sleeps
-- and opens what was resolved (Chatwoot does the same with its own).
-- in: id at_ms message_id inbound_ms unread
UPDATE whatsapp_conversations
   SET last_message_id = CASE WHEN @at_ms >= last_message_at THEN @message_id ELSE last_message_id END,
       last_message_at = max(last_message_at, @at_ms),
       last_inbound_ms = max(last_inbound_ms, @inbound_ms),
       turn_waits = CASE WHEN @inbound_ms > 0 THEN 1 ELSE turn_waits END,
       unread_count = unread_count + @unread,
       status = CASE WHEN @unread > 0 AND status IN ('snoozed', 'resolved') THEN 'open' ELSE status END,
       snoozed_until_ms = CASE WHEN @unread > 0 THEN 0 ELSE snoozed_until_ms END
 WHERE id = @id;

-- name: conversation_window
-- The customer called: the 24 hours begin anew (Meta 3.6).
-- in: id inbound_ms
UPDATE whatsapp_conversations SET last_inbound_ms = max(last_inbound_ms, @inbound_ms) WHERE id = @id;

-- name: conversation_read
-- A person has seen it.
-- in: id
UPDATE whatsapp_conversations SET unread_count = 0 WHERE id = @id;

-- name: conversation_chatwoot
-- Its counterpart in Chatwoot.
-- in: id chatwoot_contact_id chatwoot_conversation_id chatwoot_source_id
UPDATE whatsapp_conversations
   SET chatwoot_contact_id = @chatwoot_contact_id, chatwoot_conversation_id = @chatwoot_conversation_id,
       chatwoot_source_id = @chatwoot_source_id
 WHERE id = @id;

-- name: conversation_list
-- Conversations of a company, the one with the newest message first; assigned -1: to nobody. A short search fits in passing.
-- in: company_id before_ms before_id status channel_id assigned label unread_only search limit
-- out: id company_id channel_id contact_id wa_id status contact_name unread_count last_message_at last_message_id last_inbound_ms chatwoot_conversation_id chatwoot_contact_id chatwoot_source_id automation_off_until_ms snoozed_until_ms created_ms assigned_user_id assigned_name assigned_created_ms labels last_content merged_into contact_kind
-- scan: what is sparse has queries of its own
SELECT v.id, v.company_id, v.channel_id, v.contact_id, v.wa_id, v.status, c.name AS contact_name, v.unread_count,
       v.last_message_at, v.last_message_id, v.last_inbound_ms, v.chatwoot_conversation_id, v.chatwoot_contact_id,
       v.chatwoot_source_id, v.automation_off_until_ms, v.snoozed_until_ms, v.created_ms, v.assigned_user_id, u.name AS assigned_name,
       u.created_ms AS assigned_created_ms,
       (SELECT json_group_array(l.label) FROM conversation_labels AS l WHERE l.conversation_id = v.id) AS labels,
       m.content AS last_content, v.merged_into, c.kind AS contact_kind
  FROM whatsapp_conversations AS v
  JOIN contacts AS c ON c.id = v.contact_id
  LEFT JOIN users AS u ON u.id = v.assigned_user_id
  LEFT JOIN whatsapp_messages AS m ON m.id = v.last_message_id
 WHERE (@search IS NULL OR instr(lower(c.name), lower(@search)) > 0 OR instr(v.wa_id, @search) > 0)
   AND v.company_id = @company_id AND v.merged_into = 0
   AND v.last_message_at <= @before_ms
   AND (v.last_message_at < @before_ms OR v.id < @before_id)
   AND (@status IS NULL OR v.status = @status)
   AND (@channel_id = 0 OR v.channel_id = @channel_id)
   AND (@assigned = 0 OR v.assigned_user_id = max(@assigned, 0))
   AND (@label IS NULL OR EXISTS (SELECT 1 FROM conversation_labels AS l WHERE l.conversation_id = v.id AND l.label = @label))
   AND (@unread_only = 0 OR v.unread_count > 0)
 ORDER BY v.last_message_at DESC, v.id DESC
 LIMIT @limit;

-- name: conversation_list_unread
-- Those with unread messages.
-- in: company_id before_ms before_id status channel_id assigned label unread_only limit
-- out: id company_id channel_id contact_id wa_id status contact_name unread_count last_message_at last_message_id last_inbound_ms chatwoot_conversation_id chatwoot_contact_id chatwoot_source_id automation_off_until_ms snoozed_until_ms created_ms assigned_user_id assigned_name assigned_created_ms labels last_content merged_into contact_kind
-- scan: few rows
SELECT v.id, v.company_id, v.channel_id, v.contact_id, v.wa_id, v.status, c.name AS contact_name, v.unread_count,
       v.last_message_at, v.last_message_id, v.last_inbound_ms, v.chatwoot_conversation_id, v.chatwoot_contact_id,
       v.chatwoot_source_id, v.automation_off_until_ms, v.snoozed_until_ms, v.created_ms, v.assigned_user_id, u.name AS assigned_name,
       u.created_ms AS assigned_created_ms,
       (SELECT json_group_array(l.label) FROM conversation_labels AS l WHERE l.conversation_id = v.id) AS labels,
       m.content AS last_content, v.merged_into, c.kind AS contact_kind
  FROM whatsapp_conversations AS v
  JOIN contacts AS c ON c.id = v.contact_id
  LEFT JOIN users AS u ON u.id = v.assigned_user_id
  LEFT JOIN whatsapp_messages AS m ON m.id = v.last_message_id
 WHERE v.unread_count > 0
   AND v.company_id = @company_id AND v.merged_into = 0
   AND v.last_message_at <= @before_ms
   AND (v.last_message_at < @before_ms OR v.id < @before_id)
   AND (@status IS NULL OR v.status = @status)
   AND (@channel_id = 0 OR v.channel_id = @channel_id)
   AND (@assigned = 0 OR v.assigned_user_id = max(@assigned, 0))
   AND (@label IS NULL OR EXISTS (SELECT 1 FROM conversation_labels AS l WHERE l.conversation_id = v.id AND l.label = @label))
   AND (@unread_only = 0 OR v.unread_count > 0)
 ORDER BY v.last_message_at DESC, v.id DESC
 LIMIT @limit;

-- name: conversation_list_assigned
-- Those of one person.
-- in: company_id before_ms before_id status channel_id assigned label unread_only limit
-- out: id company_id channel_id contact_id wa_id status contact_name unread_count last_message_at last_message_id last_inbound_ms chatwoot_conversation_id chatwoot_contact_id chatwoot_source_id automation_off_until_ms snoozed_until_ms created_ms assigned_user_id assigned_name assigned_created_ms labels last_content merged_into contact_kind
-- scan: few rows
SELECT v.id, v.company_id, v.channel_id, v.contact_id, v.wa_id, v.status, c.name AS contact_name, v.unread_count,
       v.last_message_at, v.last_message_id, v.last_inbound_ms, v.chatwoot_conversation_id, v.chatwoot_contact_id,
       v.chatwoot_source_id, v.automation_off_until_ms, v.snoozed_until_ms, v.created_ms, v.assigned_user_id, u.name AS assigned_name,
       u.created_ms AS assigned_created_ms,
       (SELECT json_group_array(l.label) FROM conversation_labels AS l WHERE l.conversation_id = v.id) AS labels,
       m.content AS last_content, v.merged_into, c.kind AS contact_kind
  FROM whatsapp_conversations AS v
  JOIN contacts AS c ON c.id = v.contact_id
  LEFT JOIN users AS u ON u.id = v.assigned_user_id
  LEFT JOIN whatsapp_messages AS m ON m.id = v.last_message_id
 WHERE v.assigned_user_id = @assigned AND v.assigned_user_id <> 0
   AND v.company_id = @company_id AND v.merged_into = 0
   AND v.last_message_at <= @before_ms
   AND (v.last_message_at < @before_ms OR v.id < @before_id)
   AND (@status IS NULL OR v.status = @status)
   AND (@channel_id = 0 OR v.channel_id = @channel_id)
   AND (@assigned = 0 OR v.assigned_user_id = max(@assigned, 0))
   AND (@label IS NULL OR EXISTS (SELECT 1 FROM conversation_labels AS l WHERE l.conversation_id = v.id AND l.label = @label))
   AND (@unread_only = 0 OR v.unread_count > 0)
 ORDER BY v.last_message_at DESC, v.id DESC
 LIMIT @limit;

-- name: conversation_list_label
-- Those with a label: from the label to them, whether it is rare or not.
-- in: company_id before_ms before_id status channel_id assigned label unread_only limit
-- out: id company_id channel_id contact_id wa_id status contact_name unread_count last_message_at last_message_id last_inbound_ms chatwoot_conversation_id chatwoot_contact_id chatwoot_source_id automation_off_until_ms snoozed_until_ms created_ms assigned_user_id assigned_name assigned_created_ms labels last_content merged_into contact_kind
-- scan: those with the label
SELECT v.id, v.company_id, v.channel_id, v.contact_id, v.wa_id, v.status, c.name AS contact_name, v.unread_count,
       v.last_message_at, v.last_message_id, v.last_inbound_ms, v.chatwoot_conversation_id, v.chatwoot_contact_id,
       v.chatwoot_source_id, v.automation_off_until_ms, v.snoozed_until_ms, v.created_ms, v.assigned_user_id, u.name AS assigned_name,
       u.created_ms AS assigned_created_ms,
       (SELECT json_group_array(l.label) FROM conversation_labels AS l WHERE l.conversation_id = v.id) AS labels,
       m.content AS last_content, v.merged_into, c.kind AS contact_kind
  FROM (SELECT v.id FROM conversation_labels AS k CROSS JOIN whatsapp_conversations AS v ON v.id = k.conversation_id
         WHERE k.label = @label
           AND v.company_id = @company_id AND v.merged_into = 0
           AND v.last_message_at <= @before_ms
           AND (v.last_message_at < @before_ms OR v.id < @before_id)
           AND (@status IS NULL OR v.status = @status)
           AND (@channel_id = 0 OR v.channel_id = @channel_id)
           AND (@assigned = 0 OR v.assigned_user_id = max(@assigned, 0))
           AND (@unread_only = 0 OR v.unread_count > 0)
         ORDER BY v.last_message_at DESC, v.id DESC
         LIMIT @limit) AS f
  JOIN whatsapp_conversations AS v ON v.id = f.id
  JOIN contacts AS c ON c.id = v.contact_id
  LEFT JOIN users AS u ON u.id = v.assigned_user_id
  LEFT JOIN whatsapp_messages AS m ON m.id = v.last_message_id
 ORDER BY v.last_message_at DESC, v.id DESC;

-- name: conversation_list_found
-- Those whose contact has the searched characters in name or number; of the 2000 newest contacts that have them. number: all digits.
-- in: company_id before_ms before_id status channel_id assigned label unread_only match number limit
-- out: id company_id channel_id contact_id wa_id status contact_name unread_count last_message_at last_message_id last_inbound_ms chatwoot_conversation_id chatwoot_contact_id chatwoot_source_id automation_off_until_ms snoozed_until_ms created_ms assigned_user_id assigned_name assigned_created_ms labels last_content merged_into contact_kind
-- scan: bounded by the subquery (the pluses keep it: without them all conversations are passed over for each contact)
SELECT v.id, v.company_id, v.channel_id, v.contact_id, v.wa_id, v.status, c.name AS contact_name, v.unread_count,
       v.last_message_at, v.last_message_id, v.last_inbound_ms, v.chatwoot_conversation_id, v.chatwoot_contact_id,
       v.chatwoot_source_id, v.automation_off_until_ms, v.snoozed_until_ms, v.created_ms, v.assigned_user_id, u.name AS assigned_name,
       u.created_ms AS assigned_created_ms,
       (SELECT json_group_array(l.label) FROM conversation_labels AS l WHERE l.conversation_id = v.id) AS labels,
       m.content AS last_content, v.merged_into, c.kind AS contact_kind
  FROM (SELECT v.id
          FROM (SELECT rowid AS contact_id FROM contact_search WHERE contact_search MATCH @match
                 ORDER BY rowid DESC LIMIT 2000) AS f
         CROSS JOIN whatsapp_conversations AS v ON v.contact_id = f.contact_id
         WHERE (@number IS NULL OR instr((SELECT name FROM contacts WHERE id = v.contact_id), @number) > 0
                OR EXISTS (SELECT 1 FROM contact_aliases AS a WHERE a.contact_id = v.contact_id AND instr(a.alias, @number) > 0))
           AND +v.company_id = @company_id AND v.merged_into = 0
           AND +v.last_message_at <= @before_ms
           AND (v.last_message_at < @before_ms OR v.id < @before_id)
           AND (@status IS NULL OR v.status = @status)
           AND (@channel_id = 0 OR v.channel_id = @channel_id)
           AND (@assigned = 0 OR v.assigned_user_id = max(@assigned, 0))
           AND (@label IS NULL OR EXISTS (SELECT 1 FROM conversation_labels AS l WHERE l.conversation_id = v.id AND l.label = @label))
           AND (@unread_only = 0 OR v.unread_count > 0)
         ORDER BY v.last_message_at DESC, v.id DESC
         LIMIT @limit) AS g
  JOIN whatsapp_conversations AS v ON v.id = g.id
  JOIN contacts AS c ON c.id = v.contact_id
  LEFT JOIN users AS u ON u.id = v.assigned_user_id
  LEFT JOIN whatsapp_messages AS m ON m.id = v.last_message_id
 ORDER BY v.last_message_at DESC, v.id DESC;

-- name: conversation_readdress
-- A person has another address: threads that had the old one are written to at the new one.
-- in: contact_id old new
UPDATE whatsapp_conversations SET wa_id = @new WHERE contact_id = @contact_id AND wa_id = @old;

-- name: conversation_readdress_waiting
-- So is what waits: the old address may have another owner by the time it leaves.
-- in: contact_id old new
UPDATE whatsapp_messages SET wa_id = @new
 WHERE company_id = (SELECT company_id FROM contacts WHERE id = @contact_id)
   AND conversation_id IN (SELECT id FROM whatsapp_conversations WHERE contact_id = @contact_id)
   AND sending = 'queued' AND wa_id = @old;

-- name: conversation_assign
-- Who works on it; 0: nobody.
-- in: id user_id
UPDATE whatsapp_conversations SET assigned_user_id = @user_id WHERE id = @id;

-- name: conversation_status
-- Open, pending, resolved or snoozed without an end.
-- in: id status
UPDATE whatsapp_conversations SET status = @status, snoozed_until_ms = 0 WHERE id = @id;

-- name: conversation_snooze
-- A snoozed one sleeps until then.
-- in: id until_ms
UPDATE whatsapp_conversations SET snoozed_until_ms = @until_ms WHERE id = @id AND status = 'snoozed';

-- name: conversation_label_clear
-- All labels of a conversation go.
-- in: id
DELETE FROM conversation_labels WHERE conversation_id = @id;

-- name: conversation_label_add
-- A label.
-- in: id label
INSERT OR IGNORE INTO conversation_labels (conversation_id, label) VALUES (@id, @label);

-- name: conversation_labels
-- Labels in use, with how many conversations have them.
-- in: company_id limit
-- out: label n
-- scan: a list for people
SELECT l.label, count(*) AS n FROM conversation_labels AS l JOIN whatsapp_conversations AS v ON v.id = l.conversation_id
 WHERE v.company_id = @company_id GROUP BY l.label ORDER BY l.label LIMIT @limit;

-- name: conversation_unread
-- Conversations with something unread, and how many messages that are.
-- in: company_id
-- out: conversations messages
-- scan: few rows, by their index
SELECT count(*) AS conversations, coalesce(sum(unread_count), 0) AS messages
  FROM whatsapp_conversations WHERE company_id = @company_id AND unread_count > 0;
