-- People: groups beside them, several names, the wish about advertising, merges that can be undone; acts on messages
-- with their structure; what Meta says of a message's conversation.

ALTER TABLE contacts ADD COLUMN kind TEXT NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'group'));
-- `name` is what is shown: a person's word before the address book's before the profile's.
ALTER TABLE contacts ADD COLUMN profile_name TEXT;
ALTER TABLE contacts ADD COLUMN book_name TEXT;
ALTER TABLE contacts ADD COLUMN given_name TEXT;
ALTER TABLE contacts ADD COLUMN username TEXT;
-- The last wish about advertising and when it was said; NULL: none. `stop` is the stop list.
ALTER TABLE contacts ADD COLUMN marketing TEXT CHECK (marketing IN ('stop', 'resume', 'signup'));
ALTER TABLE contacts ADD COLUMN marketing_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN merged_into INTEGER NOT NULL DEFAULT 0; -- contact that took this one; 0: none
UPDATE contacts SET profile_name = name;

CREATE TABLE contact_aliases_new (
	company_id INTEGER NOT NULL,
	kind       TEXT NOT NULL CHECK (kind IN ('phone', 'user', 'lid', 'group', 'chatwoot')),
	match      TEXT NOT NULL,
	contact_id INTEGER NOT NULL REFERENCES contacts(id),
	alias      TEXT NOT NULL,
	created_ms INTEGER NOT NULL,
	PRIMARY KEY (company_id, kind, match, alias)
) STRICT, WITHOUT ROWID;
INSERT INTO contact_aliases_new (company_id, kind, match, contact_id, alias, created_ms)
SELECT company_id, kind, match, contact_id, alias, created_ms FROM contact_aliases;
DROP TABLE contact_aliases;
ALTER TABLE contact_aliases_new RENAME TO contact_aliases;
CREATE INDEX contact_aliases_by_contact ON contact_aliases(contact_id);

-- Two contacts that are one person. What moved is written down, so that the merge can be undone.
CREATE TABLE contact_merges (
	id         INTEGER PRIMARY KEY,
	company_id INTEGER NOT NULL,
	kept_id    INTEGER NOT NULL REFERENCES contacts(id),
	gone_id    INTEGER NOT NULL REFERENCES contacts(id),
	reason     TEXT NOT NULL CHECK (reason IN ('seen', 'moved', 'person')), -- shown together; changed number; by hand
	at_ms      INTEGER NOT NULL,
	undone_ms  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX contact_merges_by_kept ON contact_merges(kept_id);
CREATE INDEX contact_merges_by_gone ON contact_merges(gone_id);

CREATE TABLE contact_merge_moves (
	merge_id INTEGER NOT NULL REFERENCES contact_merges(id),
	what     TEXT NOT NULL CHECK (what IN ('alias', 'conversation', 'message', 'thread')),
	row      INTEGER NOT NULL,              -- conversation or message; 0 for an alias
	key      TEXT NOT NULL,                 -- alias: "kind match alias"; else ''
	was      INTEGER NOT NULL,              -- contact or conversation that it belonged to
	PRIMARY KEY (merge_id, what, row, key)
) STRICT, WITHOUT ROWID;

-- A conversation whose messages went to another one with a merge; it leads there.
ALTER TABLE whatsapp_conversations ADD COLUMN merged_into INTEGER NOT NULL DEFAULT 0;

ALTER TABLE whatsapp_messages ADD COLUMN failed_ms INTEGER NOT NULL DEFAULT 0; -- when it failed, beside any rank; 0: it did not
ALTER TABLE whatsapp_messages ADD COLUMN conversation_info TEXT; -- JSON: Meta's conversation category and its end
UPDATE whatsapp_messages SET failed_ms = created_at WHERE status = 'failed';

ALTER TABLE message_changes ADD COLUMN content_json TEXT; -- of an edit: the new structure; NULL: plain text
ALTER TABLE message_changes ADD COLUMN before_json TEXT;  -- the structure that an edit replaced

ALTER TABLE parked_statuses ADD COLUMN conversation TEXT;
