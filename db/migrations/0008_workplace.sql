-- What people at the admin page need: search, who works on what, quick answers, the story of a message, a day of the
-- queues, and what came of an outage.

ALTER TABLE whatsapp_conversations ADD COLUMN assigned_user_id INTEGER NOT NULL DEFAULT 0;

-- Few rows each, so that a list of them does not pass over all others.
CREATE INDEX whatsapp_conversations_unread ON whatsapp_conversations(company_id, last_message_at DESC)
	WHERE unread_count > 0;
CREATE INDEX whatsapp_conversations_assigned ON whatsapp_conversations(assigned_user_id, last_message_at DESC)
	WHERE assigned_user_id <> 0;
CREATE INDEX whatsapp_conversations_by_contact ON whatsapp_conversations(contact_id);

CREATE TABLE conversation_labels (
	conversation_id INTEGER NOT NULL REFERENCES whatsapp_conversations(id),
	label           TEXT NOT NULL,
	PRIMARY KEY (conversation_id, label)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_labels_by_label ON conversation_labels(label, conversation_id);

CREATE TABLE quick_answers (
	id         INTEGER PRIMARY KEY,
	company_id INTEGER NOT NULL REFERENCES companies(id),
	shortcut   TEXT NOT NULL,               -- what is typed behind "/"
	title      TEXT NOT NULL,
	text       TEXT NOT NULL,
	created_ms INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL,
	UNIQUE (company_id, shortcut)
) STRICT;

-- Words of messages, without accents and case. Rows are message ids; the texts themselves stay in their table. Filled
-- behind the write path, in batches (app/store/search.h).
CREATE VIRTUAL TABLE message_search USING fts5(content, content='', contentless_delete=1, detail='none',
	tokenize='unicode61 remove_diacritics 2');

-- Any three characters of names and numbers. Rows are contact ids.
CREATE VIRTUAL TABLE contact_search USING fts5(words, content='', contentless_delete=1,
	tokenize='trigram remove_diacritics 1');

-- How far the messages are indexed, and what has to be indexed anew.
CREATE TABLE search_place (
	id         INTEGER PRIMARY KEY CHECK (id = 1),
	message_id INTEGER NOT NULL
) STRICT;
INSERT INTO search_place(id, message_id) VALUES (1, 0);
CREATE TABLE search_stale (
	kind TEXT NOT NULL CHECK (kind IN ('message', 'contact')),
	id   INTEGER NOT NULL,
	PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO search_stale(kind, id) SELECT 'contact', id FROM contacts;

CREATE TRIGGER search_contact_new AFTER INSERT ON contacts
BEGIN INSERT OR IGNORE INTO search_stale(kind, id) VALUES ('contact', new.id); END;
CREATE TRIGGER search_contact_name AFTER UPDATE OF name, username ON contacts
	WHEN new.name IS NOT old.name OR new.username IS NOT old.username
BEGIN INSERT OR IGNORE INTO search_stale(kind, id) VALUES ('contact', new.id); END;
CREATE TRIGGER search_contact_gone AFTER DELETE ON contacts
BEGIN INSERT OR IGNORE INTO search_stale(kind, id) VALUES ('contact', old.id); END;
CREATE TRIGGER search_alias_new AFTER INSERT ON contact_aliases
BEGIN INSERT OR IGNORE INTO search_stale(kind, id) VALUES ('contact', new.contact_id); END;
CREATE TRIGGER search_alias_moved AFTER UPDATE OF contact_id ON contact_aliases
BEGIN INSERT OR IGNORE INTO search_stale(kind, id) VALUES ('contact', old.contact_id), ('contact', new.contact_id); END;
CREATE TRIGGER search_alias_gone AFTER DELETE ON contact_aliases
BEGIN INSERT OR IGNORE INTO search_stale(kind, id) VALUES ('contact', old.contact_id); END;
CREATE TRIGGER search_message_edited AFTER UPDATE OF content ON whatsapp_messages WHEN new.content IS NOT old.content
BEGIN INSERT OR IGNORE INTO search_stale(kind, id) VALUES ('message', new.id); END;
CREATE TRIGGER search_message_gone AFTER DELETE ON whatsapp_messages
BEGIN INSERT OR IGNORE INTO search_stale(kind, id) VALUES ('message', old.id); END;

-- Each call to a peer about a message, with its answer.
CREATE TABLE message_attempts (
	message_id  INTEGER NOT NULL,
	n           INTEGER NOT NULL,
	target      TEXT NOT NULL,              -- "channel.main"
	at_ms       INTEGER NOT NULL,           -- when the request left
	took_ms     INTEGER NOT NULL,
	status      INTEGER NOT NULL,           -- HTTP; 0: no answer
	class       TEXT NOT NULL,              -- what it meant
	answer      TEXT NOT NULL,              -- beginning of the answer, or why there was none
	PRIMARY KEY (message_id, n)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER message_attempts_gone AFTER DELETE ON whatsapp_messages
BEGIN DELETE FROM message_attempts WHERE message_id = old.id; END;

-- The counters of the queues, minute by minute, for a day.
CREATE TABLE queue_minutes (
	minute   INTEGER NOT NULL,              -- since 1970
	queue    INTEGER NOT NULL,              -- store/queue.def
	accepted INTEGER NOT NULL,              -- since ever, as in queues
	done     INTEGER NOT NULL,
	failed   INTEGER NOT NULL,
	dead     INTEGER NOT NULL,
	waiting  INTEGER NOT NULL,              -- with those that are delayed
	oldest_ms INTEGER NOT NULL,             -- age of the oldest
	PRIMARY KEY (minute, queue)
) STRICT, WITHOUT ROWID;

-- What came of a time in which the box or a peer was away.
CREATE TABLE receipts (
	id         INTEGER PRIMARY KEY,
	kind       TEXT NOT NULL CHECK (kind IN ('stop', 'crash', 'peer')),
	subject    TEXT NOT NULL,               -- "box", "chatwoot.main"
	from_ms    INTEGER NOT NULL,
	to_ms      INTEGER NOT NULL,
	found      INTEGER NOT NULL,            -- jobs that waited at its end
	open       INTEGER NOT NULL,            -- of those, still unfinished
	dead       INTEGER NOT NULL,            -- of those, a person has to look
	unknown    INTEGER NOT NULL,            -- messages of which it is not known whether they left
	lost       INTEGER NOT NULL,            -- accepted - done - discarded - dead - there: 0
	bounds     TEXT NOT NULL,               -- target (0: all), then the newest job of each queue at its end
	settled_ms INTEGER NOT NULL DEFAULT 0   -- when nothing was open any more
) STRICT;
