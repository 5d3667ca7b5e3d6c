-- The loop breaker's book of a conversation.

-- name: conversation_automatic_get
-- Its counts, its stop, and the workflow that was last asked.
-- in: id
-- out: automatic_from_ms automatic_count automatic_hour_ms automatic_hour_count automatic_day_ms automatic_day_count turn_waits turn_hour_ms turn_hour_count turn_day_ms turn_day_count automation_off_from_ms automation_off_until_ms automation_off_why workflow_asked_ms workflow_hop workflow_from_ms workflow_count
SELECT automatic_from_ms, automatic_count, automatic_hour_ms, automatic_hour_count, automatic_day_ms, automatic_day_count,
       turn_waits, turn_hour_ms, turn_hour_count, turn_day_ms, turn_day_count,
       automation_off_from_ms, automation_off_until_ms, automation_off_why,
       workflow_asked_ms, workflow_hop, workflow_from_ms, workflow_count
  FROM whatsapp_conversations WHERE id = @id;

-- name: conversation_automatic_set
-- Writes the counts and the stop.
-- in: id automatic_from_ms automatic_count automatic_hour_ms automatic_hour_count automatic_day_ms automatic_day_count turn_waits turn_hour_ms turn_hour_count turn_day_ms turn_day_count automation_off_from_ms automation_off_until_ms
UPDATE whatsapp_conversations
   SET automatic_from_ms = @automatic_from_ms, automatic_count = @automatic_count,
       automatic_hour_ms = @automatic_hour_ms, automatic_hour_count = @automatic_hour_count,
       automatic_day_ms = @automatic_day_ms, automatic_day_count = @automatic_day_count,
       turn_waits = @turn_waits, turn_hour_ms = @turn_hour_ms, turn_hour_count = @turn_hour_count,
       turn_day_ms = @turn_day_ms, turn_day_count = @turn_day_count,
       automation_off_from_ms = @automation_off_from_ms, automation_off_until_ms = @automation_off_until_ms
 WHERE id = @id;

-- name: conversation_automatic_asked
-- A workflow is asked about a message in it, or that is taken back.
-- in: id asked_ms hop from_ms count
UPDATE whatsapp_conversations
   SET workflow_asked_ms = @asked_ms, workflow_hop = @hop, workflow_from_ms = @from_ms, workflow_count = @count
 WHERE id = @id;

-- name: conversation_automatic_heard
-- How many messages of the customer came after a time; counted up to the limit.
-- in: company_id id after_ms limit
-- out: n
SELECT count(*) AS n
  FROM (SELECT 1 FROM whatsapp_messages
         WHERE company_id = @company_id AND conversation_id = @id AND timestamp > @after_ms AND direction = 'inbound'
         LIMIT @limit);

-- name: conversation_automatic_last
-- What was said last, newest first.
-- in: id limit
-- out: direction type content timestamp
SELECT direction, type, content, timestamp FROM whatsapp_messages
 WHERE company_id = (SELECT v.company_id FROM whatsapp_conversations AS v WHERE v.id = @id) AND conversation_id = @id
 ORDER BY timestamp DESC, id DESC LIMIT @limit;
