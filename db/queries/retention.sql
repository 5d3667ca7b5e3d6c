-- What goes by age, beside what has its own file (deliveries, events, media).

-- name: retention_message_last
-- Newest message, NULL without any.
-- out: id
SELECT max(id) AS id FROM whatsapp_messages;

-- name: retention_message_first
-- Oldest message, NULL without any.
-- out: id
SELECT min(id) AS id FROM whatsapp_messages;

-- name: retention_message_probe
-- The first message at or behind a number, and when it was made.
-- in: at_id
-- out: id at_ms
SELECT id, created_at AS at_ms FROM whatsapp_messages WHERE id >= @at_id ORDER BY id LIMIT 1;

-- name: retention_message_next
-- The oldest message below a number whose way is at its end, in none of the threads that wait for something.
-- in: below_id open
-- out: id media_id meta_message_id
SELECT id, media_id, meta_message_id FROM whatsapp_messages
 WHERE id < @below_id AND (sending IS NULL OR sending = 'done' OR sending = 'cancelled')
   AND conversation_id NOT IN (SELECT value FROM json_each(@open)) ORDER BY id LIMIT 1;

-- name: retention_open
-- Threads of which work from before a time is unfinished, or the file of a message still waits, as JSON.
-- in: before_ms mask media_first media_last
-- out: n open
-- scan: jobs are only what is unfinished
SELECT count(*) AS n, json_group_array(k) AS open FROM
	(SELECT okey & @mask AS k FROM jobs WHERE okey <> 0 AND created_ms < @before_ms
	 UNION SELECT m.conversation_id FROM jobs AS j JOIN whatsapp_messages AS m ON m.id = j.ref
	        WHERE j.id BETWEEN @media_first AND @media_last AND j.created_ms < @before_ms);

-- name: retention_incidents
-- Incidents that ended long ago.
-- in: before_ms limit
-- scan: there are few
DELETE FROM incidents WHERE id IN
	(SELECT id FROM incidents WHERE closed_ms <> 0 AND closed_ms < @before_ms ORDER BY id LIMIT @limit);

-- name: retention_boots
-- Starts of long ago; the newest stays.
-- in: before_ms limit
-- scan: one row a start
DELETE FROM boots WHERE id IN
	(SELECT id FROM boots WHERE started_ms < @before_ms AND id < (SELECT max(id) FROM boots) ORDER BY id LIMIT @limit);

-- name: retention_letter
-- The oldest dead letter from before a time.
-- in: before_ms
-- out: id
-- scan: they are numbered by age; the first one tells
SELECT id FROM dead_letters WHERE created_ms < @before_ms ORDER BY id LIMIT 1;

-- name: retention_invitations
-- Links that nobody can use any more.
-- in: before_ms limit
DELETE FROM invitations WHERE id IN (SELECT id FROM invitations WHERE expires_ms < @before_ms ORDER BY expires_ms LIMIT @limit);

-- name: retention_sessions
-- Logins that are over in any case.
-- in: before_ms limit
-- scan: a few a person
DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_ms < @before_ms LIMIT @limit);

-- name: retention_uploads
-- Ids of files at providers that are not valid any more.
-- in: before_ms limit
DELETE FROM media_uploads WHERE (media_id, channel_id, as_mime) IN
	(SELECT media_id, channel_id, as_mime FROM media_uploads WHERE valid_to_ms < @before_ms ORDER BY valid_to_ms LIMIT @limit);

-- name: retention_changes
-- Edits and reactions that came with messages below a number, and whose target never came.
-- in: below_id limit
-- scan: the partial index of those that wait
DELETE FROM message_changes WHERE id IN
	(SELECT id FROM message_changes WHERE message_id = 0 AND by_message < @below_id LIMIT @limit);

-- name: retention_links
-- How messages of Chatwoot and here belong together; each target's oldest first, its numbers grow with time.
-- in: target_id before_ms limit
DELETE FROM chatwoot_messages WHERE target_id = @target_id AND created_ms < @before_ms AND chatwoot_message_id IN
	(SELECT chatwoot_message_id FROM chatwoot_messages WHERE target_id = @target_id ORDER BY chatwoot_message_id LIMIT @limit);

-- name: retention_link_target
-- The next target that has any.
-- in: after
-- out: target_id
SELECT min(target_id) AS target_id FROM chatwoot_messages WHERE target_id > @after;

-- name: retention_person
-- The next contact in a range of numbers of whom nothing is kept any more: no message, nothing newer than a time, no unfinished
-- work. Who said STOP stays, or the box would write to them again; so do merges, which can be undone.
-- in: after up_to before_ms mask
-- out: id
-- scan: a range of contacts; their jobs are few
SELECT c.id FROM contacts AS c
 WHERE c.id > @after AND c.id <= @up_to AND c.merged_into = 0 AND c.updated_ms < @before_ms AND c.created_ms < @before_ms
   AND c.marketing IS NOT 'stop'
   AND NOT EXISTS (SELECT 1 FROM contact_merges AS g WHERE g.kept_id = c.id)
   AND NOT EXISTS (SELECT 1 FROM contact_merges AS g WHERE g.gone_id = c.id)
   AND NOT EXISTS (SELECT 1 FROM whatsapp_conversations AS v
                    WHERE v.contact_id = c.id
                      AND (v.created_ms >= @before_ms OR v.last_message_at >= @before_ms
                           OR EXISTS (SELECT 1 FROM whatsapp_messages AS m WHERE m.company_id = v.company_id AND m.conversation_id = v.id)
                           OR EXISTS (SELECT 1 FROM jobs AS j WHERE j.okey <> 0 AND (j.okey & @mask) = v.id)))
 ORDER BY c.id LIMIT 1;

-- name: retention_last_contact
-- Newest contact.
-- out: id
SELECT coalesce(max(id), 0) AS id FROM contacts;

-- name: retention_files
-- Rows of files in a range of numbers that left long ago and that no message shows.
-- in: after up_to before_ms
DELETE FROM media WHERE id > @after AND id <= @up_to AND state = 'gone' AND last_used_ms < @before_ms
   AND NOT EXISTS (SELECT 1 FROM whatsapp_messages AS m WHERE m.media_id = media.id AND m.media_id <> 0);

-- name: retention_last_file
-- Newest file.
-- out: id
SELECT coalesce(max(id), 0) AS id FROM media;

-- name: retention_day_add
-- What went today.
-- in: day what gone bytes last_ms
INSERT INTO retention_days (day, what, gone, bytes, last_ms) VALUES (@day, @what, @gone, @bytes, @last_ms)
    ON CONFLICT (day, what) DO UPDATE SET gone = gone + excluded.gone, bytes = bytes + excluded.bytes, last_ms = excluded.last_ms;

-- name: retention_day_list
-- What went, newest day first.
-- in: from_day
-- out: day what gone bytes last_ms
SELECT day, what, gone, bytes, last_ms FROM retention_days WHERE day >= @from_day ORDER BY day DESC, what;

-- name: retention_day_trim
-- Days of long ago.
-- in: before_day
DELETE FROM retention_days WHERE day < @before_day;
