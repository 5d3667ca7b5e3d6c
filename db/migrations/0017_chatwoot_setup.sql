-- What the set-up of a Chatwoot found, and why an agent could not be found there.

ALTER TABLE support_agent_mappings ADD COLUMN detail TEXT; -- NULL: nothing is wrong; chatwoot_user_id 0: still looked for

CREATE TABLE chatwoot_setups (
	target_id  INTEGER PRIMARY KEY REFERENCES targets(id),
	state      TEXT NOT NULL CHECK (state IN ('wanted', 'waiting', 'done', 'failed')),
	detail     TEXT,
	version    TEXT,
	found      TEXT NOT NULL DEFAULT '{}', -- JSON: accounts, inbox, warnings (word, arguments)
	wanted_ms  INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL
) STRICT;
