-- Which try of a message a status is about: all tries of a row bear its id, each with a number and a provider id of its own.

-- How often it was handed to its provider.
ALTER TABLE whatsapp_messages ADD COLUMN leaves INTEGER NOT NULL DEFAULT 0;

-- Tries of before had no numbers. A failure that comes back of one of them is only noted, because a later try may have gone:
-- what is under way or in doubt counts as handed over twice, what waits as once. A word that it went settles it either way.
UPDATE whatsapp_messages SET leaves = 2 WHERE sending IN ('sending', 'unknown');
UPDATE whatsapp_messages SET leaves = 1 WHERE sending = 'queued';

-- Provider ids of tries beside the one in the row.
CREATE TABLE message_tries (
	meta_message_id TEXT PRIMARY KEY,
	message_id INTEGER NOT NULL,
	n          INTEGER NOT NULL,            -- of the leaves
	failed_ms  INTEGER NOT NULL             -- a status called this try failed; 0: no
) STRICT, WITHOUT ROWID;

CREATE INDEX message_tries_by_message ON message_tries(message_id);

-- What is said of a message goes with it, by whatever way: ids are used again, and a provider's id holds the number.
CREATE TRIGGER message_tries_gone AFTER DELETE ON whatsapp_messages
BEGIN DELETE FROM message_tries WHERE message_id = old.id; END;

CREATE TRIGGER message_notes_gone AFTER DELETE ON whatsapp_messages
BEGIN DELETE FROM message_notes WHERE message_id = old.id; END;
