-- Tries of before 0018 had no numbers. A failure that comes back of one of them is only noted, because a later try may have gone:
-- what is under way or in doubt counts as handed over once more, what waits as handed over. A word that it went settles it either way.
UPDATE whatsapp_messages SET leaves = leaves + 1 WHERE sending IN ('sending', 'unknown');
UPDATE whatsapp_messages SET leaves = 1 WHERE sending = 'queued' AND leaves = 0;

-- What is said of a message goes with it, by whatever way: ids are used again, and a provider's id holds the number. Databases
-- of one version have the triggers already (app/io/migrate_was.def).
DROP TRIGGER IF EXISTS message_tries_gone;
DROP TRIGGER IF EXISTS message_notes_gone;

CREATE TRIGGER message_tries_gone AFTER DELETE ON whatsapp_messages
BEGIN DELETE FROM message_tries WHERE message_id = old.id; END;

CREATE TRIGGER message_notes_gone AFTER DELETE ON whatsapp_messages
BEGIN DELETE FROM message_notes WHERE message_id = old.id; END;
