-- The loop breaker counts an hour and a day too, and knows when a workflow was last asked about the conversation and how many automations
-- the message had passed by then: a program that writes on the heels of that answers for the workflow.
ALTER TABLE whatsapp_conversations ADD COLUMN automatic_hour_ms INTEGER NOT NULL DEFAULT 0; -- start of the counted hour
ALTER TABLE whatsapp_conversations ADD COLUMN automatic_hour_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE whatsapp_conversations ADD COLUMN automatic_day_ms INTEGER NOT NULL DEFAULT 0; -- start of the counted day
ALTER TABLE whatsapp_conversations ADD COLUMN automatic_day_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE whatsapp_conversations ADD COLUMN workflow_asked_ms INTEGER NOT NULL DEFAULT 0; -- 0: never
ALTER TABLE whatsapp_conversations ADD COLUMN workflow_hop INTEGER NOT NULL DEFAULT 0;
-- Whoever does not say that it is a machine is counted by turns: answers to something that the customer wrote since the last one.
ALTER TABLE whatsapp_conversations ADD COLUMN turn_waits INTEGER NOT NULL DEFAULT 0; -- 1: nobody answered since the customer wrote
ALTER TABLE whatsapp_conversations ADD COLUMN turn_hour_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE whatsapp_conversations ADD COLUMN turn_hour_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE whatsapp_conversations ADD COLUMN turn_day_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE whatsapp_conversations ADD COLUMN turn_day_count INTEGER NOT NULL DEFAULT 0;
-- Questions of the running minute, and when the breaker's stop began: what waited already is asked when it ends.
ALTER TABLE whatsapp_conversations ADD COLUMN workflow_from_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE whatsapp_conversations ADD COLUMN workflow_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE whatsapp_conversations ADD COLUMN automation_off_from_ms INTEGER NOT NULL DEFAULT 0;

-- The text of this incident has other places to fill: those of before keep their own words.
UPDATE incidents SET code = '' WHERE code = 'LOOP';
