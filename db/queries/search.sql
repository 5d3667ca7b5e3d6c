-- The two search indexes, filled behind the write path.

-- name: search_place
-- How far the messages are indexed, up to which one in an old form, and the newest there is.
-- out: at old_form_id newest
SELECT p.message_id AS at, p.old_form_id, coalesce((SELECT max(id) FROM whatsapp_messages), 0) AS newest FROM search_place AS p;

-- name: search_place_set
-- The messages up to here are indexed.
-- in: id
UPDATE search_place SET message_id = @id WHERE id = 1;

-- name: search_old_form_set
-- Those behind this one are indexed in the new form.
-- in: id
UPDATE search_place SET old_form_id = @id WHERE id = 1;

-- name: search_contents
-- What is to be indexed of the messages behind one, up to another.
-- in: after_id up_to_id
-- out: id content
SELECT id, content FROM whatsapp_messages WHERE id > @after_id AND id <= @up_to_id AND content <> '' ORDER BY id;

-- name: search_message_add
-- Indexes a message; numbers: words to be found beside its own.
-- in: id content numbers
INSERT INTO message_search(rowid, content) VALUES (@id, @content || ' ' || coalesce(@numbers, ''));

-- name: search_stale
-- What has to be indexed anew.
-- in: limit
-- out: kind id
SELECT kind, id FROM search_stale ORDER BY kind, id LIMIT @limit;

-- name: search_stale_done
-- It was.
-- in: kind id
DELETE FROM search_stale WHERE kind = @kind AND id = @id;

-- name: search_message_drop
-- A message leaves the index.
-- in: id
DELETE FROM message_search WHERE rowid = @id;

-- name: search_contact_drop
-- A contact leaves the index.
-- in: id
DELETE FROM contact_search WHERE rowid = @id;

-- name: search_contact_add
-- Name and addresses of a contact; nothing when it is gone.
-- in: id
INSERT INTO contact_search(rowid, words)
SELECT c.id, coalesce(c.name, '') || ' ' || coalesce(c.username, '') || ' ' ||
       coalesce((SELECT group_concat(a.alias, ' ') FROM contact_aliases AS a WHERE a.contact_id = c.id AND a.kind <> 'chatwoot'), '')
  FROM contacts AS c WHERE c.id = @id;

-- name: search_messages
-- Messages with all of these words, newest first.
-- in: match before_id company_id limit
-- out: id
-- scan: the index gives its rows in order
SELECT f.rowid AS id FROM message_search AS f JOIN whatsapp_messages AS m ON m.id = f.rowid
 WHERE f.message_search MATCH @match AND f.rowid < @before_id
   AND m.company_id = @company_id
 ORDER BY f.rowid DESC LIMIT @limit;

-- name: search_messages_in
-- Those of one conversation. What has the words elsewhere is passed over by its number alone (the plus keeps that): a frequent word
-- in a small conversation would else mean a look at each message of the box that has it.
-- in: match before_id company_id conversation_id limit
-- out: id
-- scan: the index gives its rows in order
SELECT f.rowid AS id FROM message_search AS f
 WHERE f.message_search MATCH @match AND f.rowid < @before_id
   AND +f.rowid IN (SELECT id FROM whatsapp_messages WHERE company_id = @company_id AND conversation_id = @conversation_id)
 ORDER BY f.rowid DESC LIMIT @limit;

-- name: search_waiting
-- How many messages and changes are not indexed yet; messages in an old form are one change.
-- out: messages stale
-- scan: few rows
SELECT coalesce((SELECT max(id) FROM whatsapp_messages), 0) - p.message_id AS messages,
       (SELECT count(*) FROM search_stale) + (p.old_form_id > 0) AS stale
  FROM search_place AS p;
