-- Merging two contacts into one, and undoing it. What moved stands in contact_merge_moves.

-- name: merge_insert
-- Two contacts are one person.
-- in: company_id kept_id gone_id reason at_ms
INSERT INTO contact_merges (company_id, kept_id, gone_id, reason, at_ms)
VALUES (@company_id, @kept_id, @gone_id, @reason, @at_ms);

-- name: merge_undone_between
-- Whether a merge of these two was undone by hand: then the box does not do it again.
-- in: one_id other_id
-- out: id
SELECT id FROM contact_merges
 WHERE undone_ms <> 0 AND ((kept_id = @one_id AND gone_id = @other_id) OR (kept_id = @other_id AND gone_id = @one_id))
 LIMIT 1;

-- name: merge_note_aliases
-- Writes down the aliases that will move.
-- in: merge_id gone_id
INSERT INTO contact_merge_moves (merge_id, what, row, key, was)
SELECT @merge_id, 'alias', 0, kind || ' ' || match || ' ' || alias, @gone_id
  FROM contact_aliases WHERE contact_id = @gone_id;

-- name: merge_move_aliases
-- All spellings belong to the one who stays.
-- in: kept_id gone_id
UPDATE contact_aliases SET contact_id = @kept_id WHERE contact_id = @gone_id;

-- name: merge_conversations
-- The living conversations of the one who goes, each with that of the one who stays on the same channel (0: none).
-- in: kept_id gone_id
-- out: id other_id company_id
SELECT g.id, coalesce(k.id, 0) AS other_id, g.company_id
  FROM whatsapp_conversations AS g
  LEFT JOIN whatsapp_conversations AS k
    ON k.channel_id = g.channel_id AND k.contact_id = @kept_id AND k.merged_into = 0
 WHERE g.contact_id = @gone_id AND g.merged_into = 0
 ORDER BY g.id;

-- name: merge_note
-- Writes down one row that moves.
-- in: merge_id what row was
INSERT INTO contact_merge_moves (merge_id, what, row, key, was) VALUES (@merge_id, @what, @row, '', @was);

-- name: merge_note_messages
-- Writes down the messages that will move.
-- in: merge_id company_id conversation_id
INSERT INTO contact_merge_moves (merge_id, what, row, key, was)
SELECT @merge_id, 'message', id, '', @conversation_id
  FROM whatsapp_messages WHERE company_id = @company_id AND conversation_id = @conversation_id;

-- name: merge_move_messages
-- Messages of one conversation stand in another.
-- in: company_id from_id to_id
UPDATE whatsapp_messages SET conversation_id = @to_id WHERE company_id = @company_id AND conversation_id = @from_id;

-- name: merge_take_conversation
-- The conversation belongs to another contact.
-- in: id contact_id
UPDATE whatsapp_conversations SET contact_id = @contact_id WHERE id = @id;

-- name: merge_close_conversation
-- The conversation leads to another one; 0: it lives.
-- in: id merged_into
UPDATE whatsapp_conversations SET merged_into = @merged_into WHERE id = @id;

-- name: merge_aggregate
-- What the conversation that stays takes over from the other: its newest message, its window, what is unread, and the
-- address that was heard last, but never a user id in place of a phone; and the silence of its automation that lasts longer.
-- in: id from_id
UPDATE whatsapp_conversations
   SET unread_count = whatsapp_conversations.unread_count + o.unread_count,
       last_message_id = CASE WHEN o.last_message_at > whatsapp_conversations.last_message_at THEN o.last_message_id
                              ELSE whatsapp_conversations.last_message_id END,
       wa_id = CASE WHEN o.last_inbound_ms > whatsapp_conversations.last_inbound_ms
                     AND (o.wa_id NOT GLOB '*[^0-9]*' OR whatsapp_conversations.wa_id GLOB '*[^0-9]*') THEN o.wa_id
                    ELSE whatsapp_conversations.wa_id END,
       automation_off_why = CASE WHEN o.automation_off_until_ms > whatsapp_conversations.automation_off_until_ms
                                 THEN o.automation_off_why ELSE whatsapp_conversations.automation_off_why END,
       automation_off_from_ms = CASE WHEN o.automation_off_until_ms > whatsapp_conversations.automation_off_until_ms
                                     THEN o.automation_off_from_ms ELSE whatsapp_conversations.automation_off_from_ms END,
       automation_off_until_ms = max(whatsapp_conversations.automation_off_until_ms, o.automation_off_until_ms),
       last_message_at = max(whatsapp_conversations.last_message_at, o.last_message_at),
       last_inbound_ms = max(whatsapp_conversations.last_inbound_ms, o.last_inbound_ms)
  FROM whatsapp_conversations AS o
 WHERE whatsapp_conversations.id = @id AND o.id = @from_id;

-- name: merge_take_thread
-- The thread in Chatwoot goes along when the conversation that stays has none.
-- in: id from_id
UPDATE whatsapp_conversations
   SET chatwoot_conversation_id = o.chatwoot_conversation_id, chatwoot_contact_id = o.chatwoot_contact_id,
       chatwoot_source_id = o.chatwoot_source_id
  FROM whatsapp_conversations AS o
 WHERE whatsapp_conversations.id = @id AND o.id = @from_id
   AND whatsapp_conversations.chatwoot_conversation_id = 0 AND o.chatwoot_conversation_id <> 0;

-- name: merge_drop_thread
-- The thread in Chatwoot goes back.
-- in: id
UPDATE whatsapp_conversations
   SET chatwoot_conversation_id = 0, chatwoot_contact_id = 0, chatwoot_source_id = NULL
 WHERE id = @id;

-- name: merge_contact
-- The one who stays knows what the other knew; the later wish about advertising counts.
-- in: id from_id now_ms
UPDATE contacts
   SET profile_name = coalesce(contacts.profile_name, o.profile_name),
       book_name = coalesce(contacts.book_name, o.book_name),
       given_name = coalesce(contacts.given_name, o.given_name),
       username = coalesce(contacts.username, o.username),
       name = coalesce(contacts.given_name, o.given_name, contacts.book_name, o.book_name, contacts.profile_name,
                       o.profile_name),
       marketing = CASE WHEN o.marketing_ms > contacts.marketing_ms THEN o.marketing ELSE contacts.marketing END,
       marketing_ms = max(contacts.marketing_ms, o.marketing_ms),
       updated_ms = @now_ms
  FROM contacts AS o
 WHERE contacts.id = @id AND o.id = @from_id;

-- name: merge_mark
-- Into whom a contact went; 0: it is back.
-- in: id merged_into now_ms
UPDATE contacts SET merged_into = @merged_into, updated_ms = @now_ms WHERE id = @id;

-- name: merge_load
-- One merge.
-- in: id
-- out: id company_id kept_id gone_id reason at_ms undone_ms
SELECT id, company_id, kept_id, gone_id, reason, at_ms, undone_ms FROM contact_merges WHERE id = @id;

-- name: merge_list
-- The merges that made a contact what it is, newest first, with who went into it.
-- in: kept_id
-- out: id reason at_ms undone_ms gone_id gone_created_ms gone_name
SELECT m.id, m.reason, m.at_ms, m.undone_ms, m.gone_id, c.created_ms AS gone_created_ms, c.name AS gone_name
  FROM contact_merges AS m JOIN contacts AS c ON c.id = m.gone_id
 WHERE m.kept_id = @kept_id
 ORDER BY m.id DESC;

-- name: merge_undo_aliases
-- What moved and is still there goes back.
-- in: merge_id kept_id gone_id
UPDATE contact_aliases SET contact_id = @gone_id
 WHERE contact_id = @kept_id
   AND kind || ' ' || match || ' ' || alias IN (SELECT key FROM contact_merge_moves
                                                 WHERE merge_id = @merge_id AND what = 'alias');

-- name: merge_moves
-- The conversations and threads that moved.
-- in: merge_id
-- out: what row was
SELECT what, row, was FROM contact_merge_moves
 WHERE merge_id = @merge_id AND what IN ('conversation', 'thread') ORDER BY what, row;

-- name: merge_undo_messages
-- Messages that moved and are still there go back.
-- in: merge_id from_id to_id
UPDATE whatsapp_messages SET conversation_id = @to_id
 WHERE conversation_id = @from_id
   AND id IN (SELECT row FROM contact_merge_moves WHERE merge_id = @merge_id AND what = 'message' AND was = @to_id);

-- name: merge_recount
-- The aggregate and the address of a conversation out of its messages.
-- in: id company_id unread_less
UPDATE whatsapp_conversations
   SET wa_id = coalesce((SELECT m.wa_id FROM whatsapp_messages AS m
                          WHERE m.company_id = @company_id AND m.conversation_id = @id
                          ORDER BY m.timestamp DESC LIMIT 1), wa_id),
       last_message_at = coalesce((SELECT m.timestamp FROM whatsapp_messages AS m
                                    WHERE m.company_id = @company_id AND m.conversation_id = @id
                                    ORDER BY m.timestamp DESC LIMIT 1), 0),
       last_message_id = coalesce((SELECT m.id FROM whatsapp_messages AS m
                                    WHERE m.company_id = @company_id AND m.conversation_id = @id
                                    ORDER BY m.timestamp DESC, m.id DESC LIMIT 1), 0),
       last_inbound_ms = coalesce((SELECT max(m.timestamp) FROM whatsapp_messages AS m
                                    WHERE m.company_id = @company_id AND m.conversation_id = @id
                                      AND m.direction = 'inbound' AND m.type NOT IN ('reaction', 'edit', 'revoke', 'system')), 0),
       unread_count = max(unread_count - @unread_less, 0)
 WHERE id = @id;

-- name: merge_end
-- It was undone.
-- in: id now_ms
UPDATE contact_merges SET undone_ms = @now_ms WHERE id = @id AND undone_ms = 0;

-- name: merge_unread
-- What a conversation counted as unread, and where it leads.
-- in: id
-- out: unread_count merged_into company_id
SELECT unread_count, merged_into, company_id FROM whatsapp_conversations WHERE id = @id;
