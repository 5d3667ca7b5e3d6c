-- Silences of automation that were set by a clock which was ahead.

-- name: conversation_back_list
-- Conversations whose automation is silent longer than their cause could make it from now on, but not until they are resolved.
-- in: after forever_ms loop_ms human_ms handover_ms limit
-- out: id
-- scan: once a start, and in the minutes after the clock was set back
SELECT id FROM whatsapp_conversations
 WHERE id > @after AND automation_off_until_ms < @forever_ms
   AND automation_off_until_ms > CASE automation_off_why WHEN 'loop' THEN @loop_ms WHEN 'human' THEN @human_ms
                                                         ELSE @handover_ms END
 ORDER BY id LIMIT @limit;

-- name: conversation_back_set
-- One of them: silent from now on, for as long as its cause makes it today.
-- in: id now_ms loop_ms human_ms handover_ms
UPDATE whatsapp_conversations
   SET automation_off_until_ms = min(automation_off_until_ms,
                                     CASE automation_off_why WHEN 'loop' THEN @loop_ms WHEN 'human' THEN @human_ms
                                                             ELSE @handover_ms END),
       automation_off_from_ms = min(automation_off_from_ms, @now_ms)
 WHERE id = @id;
