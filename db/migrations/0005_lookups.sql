-- Lookup connectors: a kind of target, and their sessions.

-- The kinds are a table in app/store/target.c: the database does not repeat it any more.
CREATE TABLE targets_new (
	id         INTEGER PRIMARY KEY,
	company_id INTEGER NOT NULL REFERENCES companies(id),
	kind       TEXT NOT NULL,
	slug       TEXT NOT NULL,
	state      TEXT NOT NULL DEFAULT 'up' CHECK (state IN ('up', 'paused', 'stopped')),
	paused_until_ms INTEGER NOT NULL DEFAULT 0, -- 0 with state paused: until someone resumes
	reason     TEXT,
	last_in_ms INTEGER NOT NULL DEFAULT 0,
	created_ms INTEGER NOT NULL,
	UNIQUE (kind, slug)
) STRICT;
INSERT INTO targets_new (id, company_id, kind, slug, state, paused_until_ms, reason, last_in_ms, created_ms)
SELECT id, company_id, kind, slug, state, paused_until_ms, reason, last_in_ms, created_ms FROM targets;
DROP TABLE targets;
ALTER TABLE targets_new RENAME TO targets;

-- The session of a connector with its upstream: "<slug>_session_<username>".
CREATE TABLE lookup_sessions (
	key        TEXT PRIMARY KEY,
	value      TEXT NOT NULL,              -- sealed: the token, and the digest of the login's settings
	expires_ms INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
