-- Which try of a message a status is about: all tries of a row bear its id, each with a number and a provider id of its own.

-- How often it was handed to its provider.
ALTER TABLE whatsapp_messages ADD COLUMN leaves INTEGER NOT NULL DEFAULT 0;

-- Rows under way were handed over without a number: what comes back about that is of an earlier try when the next leaves.
UPDATE whatsapp_messages SET leaves = 1 WHERE sending IN ('sending', 'unknown');
UPDATE whatsapp_messages SET leaves = 1
 WHERE sending = 'queued' AND id IN (SELECT t.ref FROM jobs AS j JOIN topic_events AS t ON t.id = j.ref);

-- Provider ids of tries beside the one in the row.
CREATE TABLE message_tries (
	meta_message_id TEXT PRIMARY KEY,
	message_id INTEGER NOT NULL,
	n          INTEGER NOT NULL,            -- of the leaves
	failed_ms  INTEGER NOT NULL             -- a status called this try failed; 0: no
) STRICT, WITHOUT ROWID;

CREATE INDEX message_tries_by_message ON message_tries(message_id);
