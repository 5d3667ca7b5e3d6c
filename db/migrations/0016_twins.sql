-- Level 2 of the duplicate checks: the same content from or to the same person within seconds, under another id.
ALTER TABLE whatsapp_messages ADD COLUMN twin_of INTEGER NOT NULL DEFAULT 0; -- the earlier one; 0: none
