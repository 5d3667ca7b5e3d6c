-- What is handed to a person who asks for their data (flow/person.c): one query for each part, in pages behind a row. Lists of
-- whose it is come as JSON arrays: contacts (rows, also of merged ones), conversations (rows), aliases (spellings without "+"),
-- threads (ids at Chatwoot), uuids (how the box names all these to others).

-- name: person_who
-- The person's contacts: theirs and those that were merged into it.
-- in: contact_id
-- out: id created_ms company_id
-- scan: contacts are not indexed by where they were merged; asked for rarely
SELECT c.id, c.created_ms, c.company_id FROM contacts AS c WHERE c.id = @contact_id OR c.merged_into = @contact_id;

-- name: person_threads
-- Their conversations.
-- in: contacts
-- out: id created_ms chatwoot_conversation_id
-- scan: a list of the caller
SELECT v.id, v.created_ms, v.chatwoot_conversation_id FROM json_each(@contacts) AS k
  JOIN whatsapp_conversations AS v ON v.contact_id = k.value;

-- name: person_spellings
-- How they may stand in raw requests; short ones would hit others.
-- in: contacts
-- out: alias
-- scan: a list of the caller
SELECT DISTINCT ltrim(a.alias, '+') AS alias FROM json_each(@contacts) AS k JOIN contact_aliases AS a ON a.contact_id = k.value
 WHERE a.kind <> 'chatwoot' AND length(ltrim(a.alias, '+')) >= 7;

-- name: person_counts
-- How much that is, for who has to decide.
-- in: company_id conversations
-- out: conversations messages files file_bytes
-- scan: a list of the caller
SELECT (SELECT count(*) FROM json_each(@conversations)) AS conversations,
	(SELECT count(*) FROM whatsapp_messages AS m
	  WHERE m.company_id = @company_id AND m.conversation_id IN (SELECT value FROM json_each(@conversations))) AS messages,
	(SELECT count(*) FROM media AS f WHERE f.state = 'stored' AND f.id IN (SELECT m.media_id FROM whatsapp_messages AS m
	  WHERE m.company_id = @company_id AND m.conversation_id IN (SELECT value FROM json_each(@conversations)))) AS files,
	(SELECT coalesce(sum(f.bytes), 0) FROM media AS f WHERE f.state = 'stored' AND f.id IN (SELECT m.media_id
	   FROM whatsapp_messages AS m
	  WHERE m.company_id = @company_id AND m.conversation_id IN (SELECT value FROM json_each(@conversations)))) AS file_bytes;

-- name: person_contacts
-- The contacts with their spellings.
-- in: contacts after limit
-- out: id json
-- scan: a list of the caller
SELECT c.id, json_object('id', c.id, 'company_id', c.company_id, 'kind', c.kind, 'name', c.name, 'profile_name', c.profile_name,
	'book_name', c.book_name, 'given_name', c.given_name, 'username', c.username, 'marketing', c.marketing,
	'marketing_ms', c.marketing_ms, 'merged_into', c.merged_into, 'created_ms', c.created_ms, 'updated_ms', c.updated_ms,
	'spellings', (SELECT json_group_array(json_object('company_id', a.company_id, 'kind', a.kind, 'alias', a.alias,
		'match', a.match, 'contact_id', a.contact_id, 'created_ms', a.created_ms))
		FROM contact_aliases AS a WHERE a.contact_id = c.id)) AS json
  FROM contacts AS c
 WHERE c.id > @after AND c.id IN (SELECT value FROM json_each(@contacts)) ORDER BY c.id LIMIT @limit;

-- name: person_merges
-- What became one person, with what moved then.
-- in: contacts after limit
-- out: id json
-- scan: a list of the caller
SELECT g.id, json_object('id', g.id, 'company_id', g.company_id, 'kept_id', g.kept_id, 'gone_id', g.gone_id, 'reason', g.reason,
	'at_ms', g.at_ms, 'undone_ms', g.undone_ms,
	'moved', (SELECT json_group_array(json_object('merge_id', x.merge_id, 'what', x.what, 'row', x.row, 'key', x.key, 'was', x.was))
		FROM contact_merge_moves AS x WHERE x.merge_id = g.id)) AS json
  FROM contact_merges AS g
 WHERE g.id > @after AND (g.kept_id IN (SELECT value FROM json_each(@contacts)) OR g.gone_id IN (SELECT value FROM json_each(@contacts)))
 ORDER BY g.id LIMIT @limit;

-- name: person_conversations
-- The conversations with labels, attributes and what is kept of the thread at Chatwoot.
-- in: conversations after limit
-- out: id json
-- scan: a list of the caller
SELECT v.id, json_object('id', v.id, 'company_id', v.company_id, 'channel_id', v.channel_id, 'contact_id', v.contact_id,
	'wa_id', v.wa_id, 'status', v.status, 'unread_count', v.unread_count, 'last_message_at', v.last_message_at,
	'last_message_id', v.last_message_id, 'last_inbound_ms', v.last_inbound_ms,
	'chatwoot_conversation_id', v.chatwoot_conversation_id, 'chatwoot_contact_id', v.chatwoot_contact_id,
	'chatwoot_source_id', v.chatwoot_source_id, 'chatwoot_phone', v.chatwoot_phone,
	'automatic_from_ms', v.automatic_from_ms, 'automatic_count', v.automatic_count,
	'automatic_hour_ms', v.automatic_hour_ms, 'automatic_hour_count', v.automatic_hour_count,
	'automatic_day_ms', v.automatic_day_ms, 'automatic_day_count', v.automatic_day_count,
	'workflow_asked_ms', v.workflow_asked_ms, 'workflow_hop', v.workflow_hop,
	'workflow_from_ms', v.workflow_from_ms, 'workflow_count', v.workflow_count, 'turn_waits', v.turn_waits,
	'turn_hour_ms', v.turn_hour_ms, 'turn_hour_count', v.turn_hour_count,
	'turn_day_ms', v.turn_day_ms, 'turn_day_count', v.turn_day_count, 'automation_off_from_ms', v.automation_off_from_ms,
	'automation_off_until_ms', v.automation_off_until_ms, 'automation_off_why', v.automation_off_why,
	'created_ms', v.created_ms, 'merged_into', v.merged_into, 'assigned_user_id', v.assigned_user_id, 'assignee', v.assignee,
	'team', v.team, 'snoozed_until_ms', v.snoozed_until_ms,
	'labels', (SELECT json_group_array(l.label) FROM conversation_labels AS l WHERE l.conversation_id = v.id),
	'attributes', (SELECT json_group_array(json_object('name', t.name, 'value', t.value, 'updated_ms', t.updated_ms))
		FROM conversation_attributes AS t WHERE t.conversation_id = v.id),
	'thread', (SELECT json_object('state_ms', h.state_ms, 'seen_ms', h.seen_ms, 'typing_ms', h.typing_ms)
		FROM chatwoot_threads AS h WHERE h.conversation_id = v.id)) AS json
  FROM whatsapp_conversations AS v
 WHERE v.id > @after AND v.id IN (SELECT value FROM json_each(@conversations)) ORDER BY v.id LIMIT @limit;

-- name: person_messages
-- The messages, with everything that hangs on each.
-- in: company_id conversations after limit
-- out: id json
-- scan: a list of the caller
SELECT m.id, json_object('id', m.id, 'company_id', m.company_id, 'conversation_id', m.conversation_id, 'channel_id', m.channel_id,
	'delivery_id', m.delivery_id, 'direction', m.direction, 'type', m.type, 'status', m.status, 'sending', m.sending,
	'sending_boot', m.sending_boot, 'sender_type', m.sender_type, 'source', m.source, 'hop', m.hop, 'timestamp', m.timestamp,
	'created_at', m.created_at, 'expires_ms', m.expires_ms, 'edited_ms', m.edited_ms, 'revoked_ms', m.revoked_ms,
	'chatwoot_conversation_id', m.chatwoot_conversation_id, 'chatwoot_message_id', m.chatwoot_message_id,
	'media_id', m.media_id, 'media_state', m.media_state, 'meta_message_id', m.meta_message_id, 'wa_id', m.wa_id,
	'sender_name', m.sender_name, 'sender_user_id', m.sender_user_id, 'sender_source_id', m.sender_source_id,
	'media_url', m.media_url, 'media_type', m.media_type, 'reply_to', m.reply_to, 'error', m.error, 'pricing', m.pricing,
	'correlation', m.correlation, 'content', m.content,
	'content_json', iif(json_valid(m.content_json), json(m.content_json), m.content_json),
	'failed_ms', m.failed_ms, 'conversation_info', m.conversation_info, 'attempt_of', m.attempt_of,
	'replaced_by', m.replaced_by, 'fallback', m.fallback, 'tries', m.tries, 'prio', m.prio, 'twin_of', m.twin_of,
	'leaves', m.leaves, 'reached', m.reached,
	'statuses', (SELECT json_group_array(json_object('status', s.status, 'recipient', s.recipient, 'at_ms', s.at_ms,
		'recorded_ms', s.recorded_ms, 'error', s.error)) FROM message_statuses AS s WHERE s.message_id = m.id),
	'changes', (SELECT json_group_array(json_object('id', x.id, 'target', x.target, 'kind', x.kind, 'by_message', x.by_message,
		'actor', x.actor, 'at_ms', x.at_ms, 'text', x.text, 'before', x.before, 'content_json', x.content_json,
		'before_json', x.before_json)) FROM message_changes AS x WHERE x.message_id = m.id AND x.message_id <> 0),
	'attempts', (SELECT json_group_array(json_object('n', t.n, 'target', t.target, 'at_ms', t.at_ms, 'took_ms', t.took_ms,
		'status', t.status, 'class', t.class, 'answer', t.answer)) FROM message_attempts AS t WHERE t.message_id = m.id),
	'tried_as', (SELECT json_group_array(json_object('meta_message_id', y.meta_message_id, 'n', y.n, 'failed_ms', y.failed_ms))
		FROM message_tries AS y WHERE y.message_id = m.id),
	'notes', (SELECT json_group_array(json_object('id', o.id, 'at_ms', o.at_ms, 'actor', o.actor, 'note', o.note))
		FROM message_notes AS o WHERE o.message_id = m.id),
	'file', (SELECT json_object('provider', f.provider, 'peer_id', f.peer_id, 'mime', f.mime, 'filename', f.filename,
		'sha256', lower(hex(f.sha256)), 'bytes', f.bytes, 'voice', f.voice, 'animated', f.animated, 'asked_ms', f.asked_ms,
		'reason', f.reason) FROM message_media AS f WHERE f.message_id = m.id),
	'at_chatwoot', (SELECT json_object('file', k.file, 'told', k.told) FROM chatwoot_marks AS k WHERE k.message_id = m.id)) AS json
  FROM whatsapp_messages AS m
 WHERE m.company_id = @company_id AND m.conversation_id IN (SELECT value FROM json_each(@conversations)) AND +m.id > @after
 ORDER BY +m.id LIMIT @limit;

-- name: person_chatwoot
-- What each message is called at Chatwoot.
-- in: company_id conversations after limit
-- out: id json
-- scan: the ids at Chatwoot are not indexed by message; asked for rarely
SELECT c.message_id AS id, json_object('message_id', c.message_id, 'at_chatwoot', json_group_array(json_object(
	'target_id', c.target_id, 'chatwoot_message_id', c.chatwoot_message_id, 'origin', c.origin, 'created_ms', c.created_ms,
	'parts', c.parts, 'deleted_ms', c.deleted_ms, 'failed_ms', c.failed_ms))) AS json
  FROM chatwoot_messages AS c
 WHERE c.message_id > @after AND c.message_id IN (SELECT m.id FROM whatsapp_messages AS m
	WHERE m.company_id = @company_id AND m.conversation_id IN (SELECT value FROM json_each(@conversations)))
 GROUP BY c.message_id ORDER BY c.message_id LIMIT @limit;

-- name: person_acts
-- Edits, reactions and deletions of theirs, also to messages of others (in groups) and to messages that are not here.
-- in: aliases after limit
-- out: id json
-- scan: edits and reactions only
SELECT x.id, json_object('id', x.id, 'message_id', x.message_id, 'target', x.target, 'kind', x.kind, 'by_message', x.by_message,
	'actor', x.actor, 'at_ms', x.at_ms, 'text', x.text, 'before', x.before, 'content_json', x.content_json,
	'before_json', x.before_json) AS json
  FROM message_changes AS x
 WHERE x.id > @after
   AND EXISTS (SELECT 1 FROM json_each(@aliases) AS a WHERE instr(x.actor, a.value) > 0)
 ORDER BY x.id LIMIT @limit;

-- name: person_parked
-- Delivery states whose message is not here.
-- in: aliases after limit
-- out: id json
-- scan: few wait
SELECT p.id, json_object('id', p.id, 'meta_message_id', p.meta_message_id, 'status', p.status, 'recipient', p.recipient,
	'at_ms', p.at_ms, 'parked_ms', p.parked_ms, 'error', p.error, 'pricing', p.pricing, 'conversation', p.conversation) AS json
  FROM parked_statuses AS p
 WHERE p.id > @after AND EXISTS (SELECT 1 FROM json_each(@aliases) AS a
	WHERE instr(p.recipient, a.value) > 0 OR instr(coalesce(p.conversation, ''), a.value) > 0)
 ORDER BY p.id LIMIT @limit;

-- name: person_events
-- What was published about the conversations.
-- in: conversations after limit
-- out: id json
-- scan: events are kept for days only
SELECT t.id, json_object('id', t.id, 'topic', t.topic, 'company_id', t.company_id, 'okey', t.okey, 'ref', t.ref, 'hop', t.hop,
	'created_ms', t.created_ms, 'correlation', t.correlation,
	'payload', iif(json_valid(t.payload), json(t.payload), t.payload)) AS json
  FROM topic_events AS t
 WHERE t.id > @after AND t.okey IN (SELECT value FROM json_each(@conversations)) ORDER BY t.id LIMIT @limit;

-- name: person_jobs
-- Work for the conversations that is not done yet.
-- in: conversations mask after limit
-- out: id json
-- scan: jobs are only what is unfinished
SELECT j.id, json_object('id', j.id, 'okey', j.okey, 'lane', j.lane, 'prio', j.prio, 'due_ms', j.due_ms, 'attempts', j.attempts,
	'snoozes', j.snoozes, 'refusals', j.refusals, 'created_ms', j.created_ms, 'ref', j.ref, 'boot', j.boot,
	'crashes', j.crashes, 'correlation', j.correlation, 'history', j.history, 'payload', j.payload) AS json
  FROM jobs AS j
 WHERE j.id > @after AND j.okey <> 0 AND (j.okey & @mask) IN (SELECT value FROM json_each(@conversations)) ORDER BY j.id LIMIT @limit;

-- name: person_letters
-- Work for the conversations, or that names the person, which was put aside.
-- in: conversations aliases mask after limit
-- out: id json
-- scan: dead letters are few
SELECT l.id, json_object('id', l.id, 'job_id', l.job_id, 'queue', l.queue, 'class', l.class, 'reason', l.reason, 'error', l.error, 'okey', l.okey,
	'lane', l.lane, 'prio', l.prio, 'attempts', l.attempts, 'ref', l.ref, 'job_created_ms', l.job_created_ms,
	'created_ms', l.created_ms, 'correlation', l.correlation, 'history', l.history, 'payload', l.payload) AS json
  FROM dead_letters AS l
 WHERE l.id > @after AND ((l.okey <> 0 AND (l.okey & @mask) IN (SELECT value FROM json_each(@conversations))) OR EXISTS (SELECT 1 FROM json_each(@aliases) AS a
	WHERE instr(coalesce(l.payload, ''), a.value) > 0 OR instr(l.error, a.value) > 0 OR instr(coalesce(l.history, ''), a.value) > 0))
 ORDER BY l.id LIMIT @limit;

-- name: person_deliveries
-- Raw requests in a range that name the person or one of their threads. The bytes only where they name nobody else: one request
-- of a provider may be about several people.
-- in: aliases threads after upto limit
-- out: id json
-- scan: a range of the caller
SELECT d.id, json_object('id', d.id, 'received_ms', d.received_ms, 'company_id', d.company_id, 'target_id', d.target_id,
	'source', d.source, 'outcome', d.outcome, 'request_id', d.request_id, 'signature', d.signature, 'headers', json(d.headers),
	'body_size', d.body_size,
	'body', iif(json_valid(CAST(d.body AS TEXT)), iif(EXISTS (SELECT 1 FROM json_tree(CAST(d.body AS TEXT)) AS t
		WHERE t.key IN ('wa_id', 'from', 'to', 'recipient_id', 'user_id', 'remoteJid', 'participant', 'phone_number')
		  AND t.type = 'text' AND length(t.value) >= 7
		  AND NOT EXISTS (SELECT 1 FROM json_each(@aliases) AS a WHERE instr(t.value, a.value) > 0)
		  AND NOT EXISTS (SELECT 1 FROM json_tree(CAST(d.body AS TEXT)) AS o WHERE o.key = 'display_phone_number'
			AND replace(replace(replace(o.value, '+', ''), ' ', ''), '-', '') = ltrim(t.value, '+'))),
		'left out: it names others too', json(CAST(d.body AS TEXT))), NULL)) AS json
  FROM webhook_deliveries AS d
 WHERE d.id > @after AND d.id <= @upto
   AND (EXISTS (SELECT 1 FROM json_each(@aliases) AS a WHERE instr(CAST(d.body AS TEXT), a.value) > 0)
	OR (d.source = 'chatwoot' AND json_valid(CAST(d.body AS TEXT)) AND EXISTS (SELECT 1 FROM json_each(@threads) AS h
		WHERE json_extract(CAST(d.body AS TEXT), '$.conversation.id') = h.value
		   OR (json_extract(CAST(d.body AS TEXT), '$.event') LIKE 'conversation%'
			AND json_extract(CAST(d.body AS TEXT), '$.id') = h.value))))
 ORDER BY d.id LIMIT @limit;

-- name: person_answers
-- Answers that are kept for repeated requests.
-- in: aliases after limit
-- out: id json
-- scan: a day of requests
SELECT i.created_ms AS id, json_object('created_ms', i.created_ms, 'kept', json_group_array(json_object('token_id', i.token_id,
	'key', i.key, 'status', i.status, 'answer', i.answer, 'body_hash', lower(hex(i.body_hash))))) AS json
  FROM idempotency AS i
 WHERE i.created_ms > @after AND EXISTS (SELECT 1 FROM json_each(@aliases) AS a WHERE instr(i.answer, a.value) > 0)
 GROUP BY i.created_ms ORDER BY i.created_ms LIMIT @limit;

-- name: person_audit
-- What people did about the person: looked, changed, merged, exported.
-- in: uuids after limit
-- out: id json
-- scan: a row an act of a person; asked for rarely
SELECT g.id, json_object('id', g.id, 'at_ms', g.at_ms, 'company_id', g.company_id, 'actor_kind', g.actor_kind,
	'actor_id', g.actor_id, 'actor', g.actor, 'action', g.action, 'subject', g.subject, 'detail', g.detail) AS json
  FROM audit_log AS g
 WHERE g.id > @after AND EXISTS (SELECT 1 FROM json_each(@uuids) AS u WHERE instr(g.subject, u.value) > 0 OR instr(g.detail, u.value) > 0)
 ORDER BY g.id LIMIT @limit;

-- name: person_incidents
-- Troubles that name the person or one of their conversations.
-- in: aliases uuids after limit
-- out: id json
-- scan: there are few
SELECT n.id, json_object('id', n.id, 'kind', n.kind, 'subject', n.subject, 'text', n.text, 'code', n.code, 'args', n.args,
	'count', n.count, 'opened_ms', n.opened_ms, 'updated_ms', n.updated_ms, 'closed_ms', n.closed_ms) AS json
  FROM incidents AS n
 WHERE n.id > @after
   AND (EXISTS (SELECT 1 FROM json_each(@aliases) AS a WHERE instr(n.subject || ' ' || n.text || ' ' || coalesce(n.args, ''), a.value) > 0)
	OR EXISTS (SELECT 1 FROM json_each(@uuids) AS u WHERE instr(n.subject || ' ' || n.text || ' ' || coalesce(n.args, ''), u.value) > 0))
 ORDER BY n.id LIMIT @limit;

-- name: person_channel_events
-- What a provider told of an account that names the person.
-- in: aliases after limit
-- out: id json
-- scan: there are few
SELECT v.id, json_object('id', v.id, 'channel_id', v.channel_id, 'field', v.field, 'event', v.event, 'at_ms', v.at_ms,
	'recorded_ms', v.recorded_ms, 'detail', v.detail) AS json
  FROM channel_events AS v
 WHERE v.id > @after AND EXISTS (SELECT 1 FROM json_each(@aliases) AS a WHERE instr(v.detail, a.value) > 0)
 ORDER BY v.id LIMIT @limit;

-- name: person_files
-- The files of the messages, and their ids at providers.
-- in: company_id conversations after limit
-- out: id json
-- scan: a list of the caller
SELECT f.id, json_object('id', f.id, 'company_id', f.company_id, 'sha256', lower(hex(f.sha256)), 'state', f.state, 'bytes', f.bytes,
	'mime', f.mime, 'traits', f.traits, 'filename', f.filename, 'origin', f.origin, 'created_ms', f.created_ms,
	'last_used_ms', f.last_used_ms,
	'uploads', (SELECT json_group_array(json_object('media_id', u.media_id, 'channel_id', u.channel_id, 'as_mime', u.as_mime,
		'peer_id', u.peer_id, 'uploaded_ms', u.uploaded_ms, 'valid_to_ms', u.valid_to_ms))
		FROM media_uploads AS u WHERE u.media_id = f.id)) AS json
  FROM media AS f
 WHERE f.id > @after AND f.id IN (SELECT m.media_id FROM whatsapp_messages AS m
	WHERE m.company_id = @company_id AND m.conversation_id IN (SELECT value FROM json_each(@conversations)))
 ORDER BY f.id LIMIT @limit;

-- name: person_newest_delivery
-- Up to where raw requests are looked through.
-- out: id
SELECT coalesce(max(id), 0) AS id FROM webhook_deliveries;

-- name: person_newest_message
-- Up to where messages of groups are looked through; 0 when there is no group.
-- out: id
-- scan: ends at the first group; without one the contacts are passed once
SELECT CASE WHEN EXISTS (SELECT 1 FROM contacts WHERE kind = 'group') THEN coalesce((SELECT max(id) FROM whatsapp_messages), 0)
	ELSE 0 END AS id;

-- name: person_in_groups
-- What they wrote in groups, in a range of messages: their words, nobody else's.
-- in: aliases after upto limit
-- out: id json
-- scan: a list of the caller
SELECT m.id, json_object('id', m.id, 'conversation_id', m.conversation_id, 'direction', m.direction, 'type', m.type,
	'timestamp', m.timestamp, 'meta_message_id', m.meta_message_id, 'sender_name', m.sender_name,
	'sender_source_id', m.sender_source_id, 'content', m.content,
	'content_json', iif(json_valid(m.content_json), json(m.content_json), m.content_json), 'media_id', m.media_id,
	'media_type', m.media_type) AS json
  FROM whatsapp_messages AS m
 WHERE m.id > @after AND m.id <= @upto AND m.sender_source_id IS NOT NULL
   AND EXISTS (SELECT 1 FROM json_each(@aliases) AS a
	WHERE ltrim(m.sender_source_id, '+') = a.value OR m.sender_source_id = a.value || char(64) || 'lid')
 ORDER BY m.id LIMIT @limit;

-- name: person_read_in_groups
-- When they got and read what was written in groups, in a range of messages.
-- in: aliases after upto limit
-- out: id json
-- scan: a list of the caller
SELECT s.message_id AS id, json_object('message_id', s.message_id, 'states', json_group_array(json_object('status', s.status,
	'recipient', s.recipient, 'at_ms', s.at_ms))) AS json
  FROM message_statuses AS s
 WHERE s.message_id > @after AND s.message_id <= @upto AND s.recipient <> ''
   AND EXISTS (SELECT 1 FROM json_each(@aliases) AS a WHERE ltrim(s.recipient, '+') = a.value)
 GROUP BY s.message_id ORDER BY s.message_id LIMIT @limit;
