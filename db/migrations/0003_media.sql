-- Files that came or go with messages.

-- A file of a company: media/<company>/<first two hex digits>/<sha256> in the data folder. The row is committed before
-- the file gets its place and loses it after: 'coming' and 'leaving' rows of an earlier run are cleaned up at start, so
-- that no file stays without a row and no row says 'stored' without a file.
CREATE TABLE media (
	id           INTEGER PRIMARY KEY,
	company_id   INTEGER NOT NULL REFERENCES companies(id),
	sha256       BLOB NOT NULL CHECK (length(sha256) = 32),
	state        TEXT NOT NULL CHECK (state IN ('coming', 'stored', 'leaving', 'gone')),
	bytes        INTEGER NOT NULL,
	mime         TEXT NOT NULL,             -- seen in the bytes; else what the peer said; else octet-stream
	traits       INTEGER NOT NULL,          -- peer/media_type.h
	filename     TEXT,                      -- first name it came with
	origin       TEXT NOT NULL CHECK (origin IN ('meta', 'evolution', 'api', 'chatwoot', 'n8n', 'flow', 'system')),
	created_ms   INTEGER NOT NULL,
	last_used_ms INTEGER NOT NULL,          -- brought to the day: see media_touch
	UNIQUE (company_id, sha256)
) STRICT;
CREATE INDEX media_by_use ON media(last_used_ms) WHERE state = 'stored';
CREATE INDEX media_moving ON media(state) WHERE state IN ('coming', 'leaving');

-- Bytes and files that are stored now; kept by the write path.
CREATE TABLE media_totals (
	id    INTEGER PRIMARY KEY CHECK (id = 1),
	files INTEGER NOT NULL,
	bytes INTEGER NOT NULL
) STRICT;
INSERT INTO media_totals(id, files, bytes) VALUES (1, 0, 0);

-- The file of a message: what the peer says of it, where to get it, and why it is not here.
CREATE TABLE message_media (
	message_id INTEGER PRIMARY KEY,
	provider   TEXT NOT NULL,               -- whose reader fetches it; 'here': it was uploaded
	peer_id    TEXT,                        -- the provider's media id
	mime       TEXT,                        -- as the peer says
	filename   TEXT,
	sha256     BLOB,                        -- as the peer says
	bytes      INTEGER NOT NULL,            -- as the peer says; 0: unknown
	voice      INTEGER NOT NULL,
	animated   INTEGER NOT NULL,
	asked_ms   INTEGER NOT NULL,            -- when its webhook came; providers keep a file for 7 days from then
	reason     TEXT                         -- one sentence; NULL: nothing is wrong
) STRICT;

-- Files that a provider has from us: an id is used again while it is valid.
CREATE TABLE media_uploads (
	media_id    INTEGER NOT NULL,
	channel_id  INTEGER NOT NULL,
	as_mime     TEXT NOT NULL,              -- type it was uploaded as
	peer_id     TEXT NOT NULL,
	uploaded_ms INTEGER NOT NULL,
	valid_to_ms INTEGER NOT NULL,
	PRIMARY KEY (media_id, channel_id, as_mime)
) STRICT, WITHOUT ROWID;

-- Messages of a file: told when it leaves, and kept while one waits to be sent. Most messages have none.
CREATE INDEX whatsapp_messages_by_media ON whatsapp_messages(media_id) WHERE media_id <> 0;
