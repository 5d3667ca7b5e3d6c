-- What Chatwoot was told of a message beside its text, and who writes there under which name.

CREATE TABLE chatwoot_marks (
	message_id INTEGER PRIMARY KEY,
	-- its file there: with it, still to come, told that it does not come, brought later, never; NULL: it has none
	file       TEXT CHECK (file IN ('with', 'coming', 'told', 'added', 'never')),
	told       TEXT -- the delivery state that was told last; NULL: none
) STRICT;

-- Source 000, impulse_support.support_agent_mappings.
CREATE TABLE support_agent_mappings (
	id                    INTEGER PRIMARY KEY,
	company_id            INTEGER NOT NULL REFERENCES companies(id),
	crm_user_id           TEXT NOT NULL,
	chatwoot_account_id   INTEGER NOT NULL,
	chatwoot_user_id      INTEGER NOT NULL,
	chatwoot_access_token TEXT, -- sealed; NULL: none, messages are written under the bridge's own name
	email                 TEXT NOT NULL DEFAULT '',
	name                  TEXT NOT NULL DEFAULT '',
	is_bot                INTEGER NOT NULL DEFAULT 0 CHECK (is_bot IN (0, 1)),
	created_ms            INTEGER NOT NULL,
	updated_ms            INTEGER NOT NULL,
	UNIQUE (company_id, crm_user_id, chatwoot_account_id)
) STRICT;

-- Where Chatwoot's own contact stands behind the address book here.
ALTER TABLE whatsapp_conversations ADD COLUMN chatwoot_phone TEXT; -- number its contact has there; NULL: none
