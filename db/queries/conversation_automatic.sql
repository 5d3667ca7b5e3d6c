-- The loop breaker's book of a conversation.

-- name: conversation_automatic_get
-- Its counts, its stop, and the workflow that was last asked.
-- in: id
-- out: automatic_from_ms automatic_count automatic_hour_ms automatic_hour_count automatic_day_ms automatic_day_count automation_off_until_ms automation_off_why workflow_asked_ms workflow_hop
SELECT automatic_from_ms, automatic_count, automatic_hour_ms, automatic_hour_count, automatic_day_ms, automatic_day_count,
       automation_off_until_ms, automation_off_why, workflow_asked_ms, workflow_hop
  FROM whatsapp_conversations WHERE id = @id;

-- name: conversation_automatic_set
-- Writes the counts and the stop.
-- in: id automatic_from_ms automatic_count automatic_hour_ms automatic_hour_count automatic_day_ms automatic_day_count automation_off_until_ms
UPDATE whatsapp_conversations
   SET automatic_from_ms = @automatic_from_ms, automatic_count = @automatic_count,
       automatic_hour_ms = @automatic_hour_ms, automatic_hour_count = @automatic_hour_count,
       automatic_day_ms = @automatic_day_ms, automatic_day_count = @automatic_day_count,
       automation_off_until_ms = @automation_off_until_ms
 WHERE id = @id;

-- name: conversation_automatic_asked
-- A workflow is asked about a message in it.
-- in: id now_ms hop
UPDATE whatsapp_conversations SET workflow_asked_ms = @now_ms, workflow_hop = @hop WHERE id = @id;
