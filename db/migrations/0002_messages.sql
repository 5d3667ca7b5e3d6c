-- Messages: written elsewhere too (the phone app, its history, flows), with media, expiry, edits and revokes.

CREATE TABLE whatsapp_messages_new (
	id              INTEGER PRIMARY KEY,
	company_id      INTEGER NOT NULL,
	conversation_id INTEGER NOT NULL REFERENCES whatsapp_conversations(id),
	channel_id      INTEGER NOT NULL,
	delivery_id     INTEGER NOT NULL,       -- raw request it came from; 0: made here
	direction       TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound')),
	type            TEXT NOT NULL,
	status          TEXT NOT NULL CHECK (status IN ('pending', 'accepted', 'sent', 'delivered', 'read', 'played', 'failed')),
	sending         TEXT CHECK (sending IN ('queued', 'sending', 'done', 'unknown', 'cancelled')), -- outbound only
	sending_boot    INTEGER NOT NULL DEFAULT 0,
	sender_type     TEXT NOT NULL CHECK (sender_type IN ('crm_agent', 'chatwoot_agent', 'ai', 'customer', 'system')),
	source          TEXT NOT NULL CHECK (source IN ('customer', 'api', 'support_bridge', 'ai_response', 'page', 'cli',
	                                                'phone', 'history', 'flow', 'system')),
	hop             INTEGER NOT NULL DEFAULT 0,
	timestamp       INTEGER NOT NULL,       -- the provider's time, milliseconds
	created_at      INTEGER NOT NULL,
	expires_ms      INTEGER NOT NULL DEFAULT 0, -- outbound: never sent after this; 0: no end
	edited_ms       INTEGER NOT NULL DEFAULT 0, -- last edit; earlier texts are in message_changes
	revoked_ms      INTEGER NOT NULL DEFAULT 0, -- deleted for everyone; the text is kept in message_changes
	chatwoot_conversation_id INTEGER NOT NULL DEFAULT 0,
	chatwoot_message_id      INTEGER NOT NULL DEFAULT 0,
	media_id        INTEGER NOT NULL DEFAULT 0, -- row of the media table; 0: none, or not here yet
	media_state     TEXT CHECK (media_state IN ('wanted', 'stored', 'failed', 'expired')), -- NULL: no media
	meta_message_id TEXT,
	wa_id           TEXT NOT NULL,
	sender_name     TEXT,
	sender_user_id  TEXT,
	sender_source_id TEXT,
	media_url       TEXT,
	media_type      TEXT,
	reply_to        TEXT,                   -- provider id of the quoted message
	error           TEXT,                   -- JSON; does not replace the rank
	pricing         TEXT,
	correlation     TEXT,
	content         TEXT NOT NULL,          -- one line for people
	content_json    TEXT                    -- the type's structure; NULL for plain text
) STRICT;

INSERT INTO whatsapp_messages_new
	(id, company_id, conversation_id, channel_id, delivery_id, direction, type, status, sending, sending_boot,
	 sender_type, source, hop, timestamp, created_at, chatwoot_conversation_id, chatwoot_message_id, meta_message_id,
	 wa_id, sender_name, sender_user_id, sender_source_id, media_url, media_type, reply_to, error, pricing, correlation,
	 content, content_json)
SELECT id, company_id, conversation_id, channel_id, delivery_id, direction, type, status, sending, sending_boot,
       sender_type, source, hop, timestamp, created_at, chatwoot_conversation_id, chatwoot_message_id, meta_message_id,
       wa_id, sender_name, sender_user_id, sender_source_id, media_url, media_type, reply_to, error, pricing, correlation,
       content, content_json
  FROM whatsapp_messages;

DROP TABLE whatsapp_messages;
ALTER TABLE whatsapp_messages_new RENAME TO whatsapp_messages;

CREATE INDEX whatsapp_messages_by_conversation ON whatsapp_messages(company_id, conversation_id, timestamp DESC);
CREATE UNIQUE INDEX whatsapp_messages_by_meta ON whatsapp_messages(meta_message_id) WHERE meta_message_id IS NOT NULL;
CREATE INDEX whatsapp_messages_unsettled ON whatsapp_messages(sending) WHERE sending IN ('sending', 'unknown');

-- What happened to a message after it was written: edits, the revoke, reactions. Those that come before their target
-- wait with message_id 0 and are joined when it arrives.
CREATE TABLE message_changes (
	id         INTEGER PRIMARY KEY,
	message_id INTEGER NOT NULL,            -- target; 0: not here yet
	target     TEXT NOT NULL,               -- provider id of the target
	kind       TEXT NOT NULL CHECK (kind IN ('edit', 'revoke', 'reaction')),
	by_message INTEGER NOT NULL,            -- the message row that brought it
	actor      TEXT NOT NULL,               -- address of who did it; '': this business
	at_ms      INTEGER NOT NULL,            -- the provider's time
	text       TEXT NOT NULL,               -- new text, or the emoji ('' takes a reaction back)
	before     TEXT                         -- the text that an edit or revoke replaced
) STRICT;

CREATE INDEX message_changes_by_message ON message_changes(message_id) WHERE message_id <> 0;
CREATE INDEX message_changes_waiting ON message_changes(target) WHERE message_id = 0;
