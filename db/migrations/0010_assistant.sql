-- What people and assistants decide about a conversation.

ALTER TABLE whatsapp_conversations ADD COLUMN automation_off_why TEXT; -- loop, handover, human, person; NULL: not said
ALTER TABLE whatsapp_conversations ADD COLUMN assignee TEXT;           -- who has it: id or mail of an agent; NULL: nobody
ALTER TABLE whatsapp_conversations ADD COLUMN team TEXT;

CREATE TABLE conversation_attributes (
	conversation_id INTEGER NOT NULL REFERENCES whatsapp_conversations(id),
	name       TEXT NOT NULL,
	value      TEXT NOT NULL,
	updated_ms INTEGER NOT NULL,
	PRIMARY KEY (conversation_id, name)
) STRICT, WITHOUT ROWID;

-- Our workflows in an n8n: what was asked for and what became of it.
CREATE TABLE n8n_imports (
	target_id   INTEGER NOT NULL REFERENCES targets(id),
	workflow    TEXT NOT NULL,
	state       TEXT NOT NULL CHECK (state IN ('wanted', 'waiting', 'done', 'failed')),
	detail      TEXT,
	workflow_id TEXT,
	webhook_url TEXT,
	door_credential TEXT,                  -- ids that n8n gave to what we made there
	api_credential  TEXT,
	wanted_ms   INTEGER NOT NULL,
	updated_ms  INTEGER NOT NULL,
	PRIMARY KEY (target_id, workflow)
) STRICT, WITHOUT ROWID;
