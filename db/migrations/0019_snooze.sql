-- Until when a snoozed conversation sleeps; 0: until its customer writes, or somebody wakes it.
ALTER TABLE whatsapp_conversations ADD COLUMN snoozed_until_ms INTEGER NOT NULL DEFAULT 0;
