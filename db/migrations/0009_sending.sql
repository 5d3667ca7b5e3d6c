-- Sending: templates of WhatsApp, attempts that replace one another, what is sent when the 24-hour window is closed.

-- Message templates of a WhatsApp business account, as Meta lists them; several numbers of one account share them.
CREATE TABLE templates (
	id          INTEGER PRIMARY KEY,
	company_id  INTEGER NOT NULL,
	waba_id     TEXT NOT NULL,
	name        TEXT NOT NULL,
	language    TEXT NOT NULL,
	meta_id     TEXT,
	status      TEXT NOT NULL,             -- Meta's word: APPROVED, PAUSED, REJECTED, ...
	category    TEXT,                      -- MARKETING, UTILITY, AUTHENTICATION
	quality     TEXT,                      -- GREEN, YELLOW, RED, UNKNOWN
	reason      TEXT,                      -- why it is not usable, in Meta's words
	components  TEXT,                      -- JSON array as Meta gives it; NULL: known from a webhook only
	seen_ms     INTEGER NOT NULL,          -- last sync or webhook that named it
	created_ms  INTEGER NOT NULL,
	updated_ms  INTEGER NOT NULL,
	UNIQUE (waba_id, name, language)
) STRICT;
CREATE INDEX templates_by_company ON templates(company_id, name, language, id);

-- When the list of an account was last complete. No row: never.
CREATE TABLE template_lists (
	waba_id    TEXT PRIMARY KEY,
	synced_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A retry is a row of its own with a provider id of its own: statuses of the first never touch the second (CW#14120).
ALTER TABLE whatsapp_messages ADD COLUMN attempt_of INTEGER NOT NULL DEFAULT 0;  -- earlier row; 0: the first
ALTER TABLE whatsapp_messages ADD COLUMN replaced_by INTEGER NOT NULL DEFAULT 0; -- later row; at most one
ALTER TABLE whatsapp_messages ADD COLUMN fallback TEXT; -- template (JSON) to send when the window is closed

-- What people and the box decided about a message, in their words; shown with its statuses.
CREATE TABLE message_notes (
	id         INTEGER PRIMARY KEY,
	message_id INTEGER NOT NULL,
	at_ms      INTEGER NOT NULL,
	actor      TEXT NOT NULL,              -- name of the API token; 'totem': the box itself
	note       TEXT NOT NULL
) STRICT;
CREATE INDEX message_notes_by_message ON message_notes(message_id);
