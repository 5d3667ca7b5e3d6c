-- Files of a company: one row a checksum.

-- name: media_insert
-- A file on its way to its place; nothing happens when its bytes are known.
-- in: company_id sha256 bytes mime traits filename origin now_ms
INSERT INTO media (company_id, sha256, state, bytes, mime, traits, filename, origin, created_ms, last_used_ms)
VALUES (@company_id, @sha256, 'coming', @bytes, @mime, @traits, @filename, @origin, @now_ms, @now_ms)
ON CONFLICT (company_id, sha256) DO NOTHING;

-- name: media_again
-- Known bytes came again: what had left comes back; all count as used now. What is said of them last is believed: a ZIP
-- that comes with the name of a document is one from now on.
-- in: company_id sha256 mime traits filename now_ms
UPDATE media
   SET last_used_ms = @now_ms, mime = @mime, traits = @traits, filename = coalesce(@filename, filename),
       state = CASE state WHEN 'stored' THEN 'stored' ELSE 'coming' END
 WHERE company_id = @company_id AND sha256 = @sha256;

-- name: media_by_sha
-- The file with these bytes.
-- in: company_id sha256
-- out: id company_id sha256 state bytes mime traits filename origin created_ms last_used_ms
SELECT id, company_id, sha256, state, bytes, mime, traits, filename, origin, created_ms, last_used_ms
  FROM media WHERE company_id = @company_id AND sha256 = @sha256;

-- name: media_load
-- One file.
-- in: id
-- out: id company_id sha256 state bytes mime traits filename origin created_ms last_used_ms
SELECT id, company_id, sha256, state, bytes, mime, traits, filename, origin, created_ms, last_used_ms
  FROM media WHERE id = @id;

-- name: media_move
-- A step of a file's life; nothing happens when it is not in the state it should come from.
-- in: id from to
UPDATE media SET state = @to WHERE id = @id AND state = @from;

-- name: media_count
-- Keeps the totals: one file more (sign 1) or less (-1).
-- in: id sign
UPDATE media_totals
   SET files = files + @sign, bytes = bytes + @sign * (SELECT bytes FROM media WHERE id = @id)
 WHERE id = 1;

-- name: media_totals
-- Files and bytes that are stored now.
-- out: files bytes
SELECT files, bytes FROM media_totals WHERE id = 1;

-- name: media_touch
-- A stored file was used; nothing happens to one that left.
-- in: id now_ms
UPDATE media SET last_used_ms = max(last_used_ms, @now_ms) WHERE id = @id AND state = 'stored';

-- name: media_oldest
-- Stored files that were not used for longest, but none that a message waits to be sent with.
-- in: before_ms limit
-- out: id bytes last_used_ms
SELECT f.id, f.bytes, f.last_used_ms
  FROM media AS f
 WHERE f.state = 'stored' AND f.last_used_ms < @before_ms
   AND NOT EXISTS (SELECT 1 FROM whatsapp_messages AS m
                    WHERE m.media_id = f.id AND m.media_id <> 0 AND m.sending IN ('queued', 'sending'))
 ORDER BY f.last_used_ms
 LIMIT @limit;

-- name: media_moving
-- Files whose move was not finished, and that were not used since.
-- in: before_ms limit
-- out: id state
SELECT id, state FROM media WHERE state IN ('coming', 'leaving') AND last_used_ms < @before_ms LIMIT @limit;

-- name: media_expire
-- Messages whose file is not kept any more.
-- in: id
UPDATE whatsapp_messages SET media_state = 'expired' WHERE media_id = @id AND media_id <> 0;

-- name: media_return
-- The same bytes came again: older messages have their file back.
-- in: id
UPDATE whatsapp_messages SET media_state = 'stored'
 WHERE media_id = @id AND media_id <> 0 AND media_state = 'expired';

-- name: media_reason
-- Why the file of these messages is not here; NULL: nothing is wrong.
-- in: id reason
UPDATE message_media SET reason = @reason
 WHERE message_id IN (SELECT id FROM whatsapp_messages WHERE media_id = @id AND media_id <> 0);

-- name: media_leaving
-- Files on their way out.
-- in: limit
-- out: id state
SELECT id, state FROM media WHERE state IN ('coming', 'leaving') AND state = 'leaving' LIMIT @limit;

-- name: media_drop
-- A file that is gone and that no message shows.
-- in: id
DELETE FROM media WHERE id = @id AND state = 'gone'
   AND NOT EXISTS (SELECT 1 FROM whatsapp_messages WHERE media_id = @id AND media_id <> 0);
