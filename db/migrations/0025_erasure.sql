-- An erasure is a piece of work that goes on after a crash: rows first, then what they left in pages and indexes.
CREATE TABLE erasures (
	id          INTEGER PRIMARY KEY,
	company_id  INTEGER NOT NULL,
	contact_id  INTEGER NOT NULL,           -- a number that nobody has any more
	state       TEXT NOT NULL CHECK (state IN ('rows', 'pages', 'done')),
	asked_ms    INTEGER NOT NULL,
	rows_ms     INTEGER NOT NULL DEFAULT 0, -- when the last row was gone
	done_ms     INTEGER NOT NULL DEFAULT 0, -- when nothing of them could be read in the files any more
	newest_delivery INTEGER NOT NULL,       -- requests behind it are of a new life
	aliases     TEXT,                       -- JSON: under what the person stands in requests; NULL when the rows are gone
	messages    INTEGER NOT NULL DEFAULT 0,
	deliveries  INTEGER NOT NULL DEFAULT 0,
	letters     INTEGER NOT NULL DEFAULT 0,
	files       INTEGER NOT NULL DEFAULT 0,
	conversations INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX erasures_open ON erasures(state) WHERE state <> 'done';

-- Digests of provider ids: a peer that tells of an erased message again (redelivery, catch-up) brings nobody back.
CREATE TABLE erased_messages (
	digest     INTEGER PRIMARY KEY,         -- first 8 bytes of SHA-256
	erased_ms  INTEGER NOT NULL
) STRICT;

-- Numbers up to here were given once, also when their rows were erased: what still names one must never meet a stranger.
CREATE TABLE row_floors (
	id         INTEGER PRIMARY KEY CHECK (id = 1),
	message_id INTEGER NOT NULL,
	conversation_id INTEGER NOT NULL,
	contact_id INTEGER NOT NULL
) STRICT;
INSERT INTO row_floors (id, message_id, conversation_id, contact_id) VALUES (1, 0, 0, 0);

CREATE TRIGGER message_floor AFTER DELETE ON whatsapp_messages
	WHEN old.id > (SELECT message_id FROM row_floors WHERE id = 1) AND old.id > coalesce((SELECT max(id) FROM whatsapp_messages), 0)
BEGIN UPDATE row_floors SET message_id = old.id WHERE id = 1; END;
CREATE TRIGGER conversation_floor AFTER DELETE ON whatsapp_conversations
	WHEN old.id > (SELECT conversation_id FROM row_floors WHERE id = 1) AND old.id > coalesce((SELECT max(id) FROM whatsapp_conversations), 0)
BEGIN UPDATE row_floors SET conversation_id = old.id WHERE id = 1; END;
CREATE TRIGGER contact_floor AFTER DELETE ON contacts
	WHEN old.id > (SELECT contact_id FROM row_floors WHERE id = 1) AND old.id > coalesce((SELECT max(id) FROM contacts), 0)
BEGIN UPDATE row_floors SET contact_id = old.id WHERE id = 1; END;

-- With the conversation goes how far its state was taken over; with a message what Chatwoot was told of it.
CREATE TRIGGER chatwoot_thread_gone AFTER DELETE ON whatsapp_conversations
BEGIN DELETE FROM chatwoot_threads WHERE conversation_id = old.id; END;
DELETE FROM chatwoot_threads WHERE conversation_id NOT IN (SELECT id FROM whatsapp_conversations);

-- With the row of a file goes what a provider had of it.
CREATE TRIGGER media_uploads_gone AFTER DELETE ON media
BEGIN DELETE FROM media_uploads WHERE media_id = old.id; END;
CREATE INDEX media_uploads_valid ON media_uploads(valid_to_ms);

CREATE INDEX invitations_by_end ON invitations(expires_ms);
