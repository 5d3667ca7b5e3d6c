-- What a database that a restore put aside knows and the restored one does not (flow/backup/take_over.c). Read with care: it
-- may be damaged, so what belongs together is asked apart.

-- name: kept_newest
-- The newest request of the restored database.
-- out: id received_ms request_id
SELECT id, received_ms, request_id FROM webhook_deliveries ORDER BY id DESC LIMIT 1;

-- name: kept_same
-- Whether the other database has this very request, so that its later ones are those that are missing.
-- in: id received_ms request_id
-- out: id
SELECT id FROM webhook_deliveries WHERE id = @id AND received_ms = @received_ms AND request_id = @request_id;

-- name: kept_next
-- The next request behind a number. Emptied ones are nobody's.
-- in: after_id since_ms
-- out: id received_ms company_id target_id source signature request_id headers body kind slug
SELECT d.id, d.received_ms, d.company_id, d.target_id, d.source, d.signature, d.request_id, d.headers, d.body,
       t.kind, t.slug
  FROM webhook_deliveries AS d LEFT JOIN targets AS t ON t.id = d.target_id
 WHERE d.id > @after_id AND d.received_ms >= @since_ms AND d.outcome IS NOT 'erased' ORDER BY d.id LIMIT 1;

-- name: kept_erasing
-- Whether it names somebody whose erasure had begun there and not come to it yet (as in erase_deliveries).
-- in: id
-- out: id
-- scan: erasures that are under way are few
SELECT x.id FROM webhook_deliveries AS d, erasures AS x, json_each(x.aliases) AS j
 WHERE d.id = @id AND x.state = 'rows' AND x.newest_delivery >= d.id AND instr(d.body, CAST(j.value AS BLOB)) > 0 LIMIT 1;

-- name: kept_waits
-- Whether it was still to be processed.
-- in: ref first last
-- out: id
SELECT id FROM jobs WHERE id BETWEEN @first AND @last AND ref = @ref LIMIT 1;

-- name: kept_untold
-- Messages that a consumer group had not finished with.
-- in: first last
-- out: delivery_id meta_message_id
SELECT m.delivery_id, m.meta_message_id
  FROM jobs AS j JOIN topic_events AS t ON t.id = j.ref JOIN whatsapp_messages AS m ON m.id = t.ref
 WHERE j.id BETWEEN @first AND @last AND m.delivery_id > 0 AND m.meta_message_id IS NOT NULL ORDER BY j.id;

-- name: kept_links
-- Messages of Chatwoot that are known there; not those of an agent that had not left yet: Chatwoot is asked for them again.
-- in: target_id
-- out: chatwoot_message_id origin created_ms
SELECT c.chatwoot_message_id, c.origin, c.created_ms
  FROM chatwoot_messages AS c LEFT JOIN whatsapp_messages AS m ON m.id = c.message_id
 WHERE c.target_id = @target_id AND m.sending IS NOT 'queued' ORDER BY c.chatwoot_message_id;

-- name: kept_link_newest
-- The newest of a target.
-- in: target_id
-- out: chatwoot_message_id
SELECT chatwoot_message_id FROM chatwoot_messages WHERE target_id = @target_id ORDER BY chatwoot_message_id DESC LIMIT 1;

-- name: kept_sends
-- Messages of ours since a time that only the other database knows: those that left, those that waited.
-- in: since_ms
-- out: gone waiting
-- scan: asked once, after a restore
SELECT count(*) FILTER (WHERE sending IS NOT 'queued') AS gone, count(*) FILTER (WHERE sending = 'queued') AS waiting
  FROM whatsapp_messages WHERE sending IS NOT NULL AND created_at >= @since_ms;
