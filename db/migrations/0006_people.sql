-- People: accounts, their sessions, links that are good once, and the log of who changed what.

-- Never deleted (the audit log speaks of them), only disabled.
CREATE TABLE users (
	id          INTEGER PRIMARY KEY,
	company_id  INTEGER NOT NULL REFERENCES companies(id),
	login       TEXT NOT NULL UNIQUE,       -- lower case
	name        TEXT NOT NULL,
	role        TEXT NOT NULL,              -- store/role.def
	language    TEXT NOT NULL CHECK (language IN ('es', 'pt', 'en')),
	password    TEXT,                       -- "pbkdf2-sha512$iterations$salt$hash"; NULL: none yet
	password_ms INTEGER NOT NULL DEFAULT 0,
	totp        TEXT,                       -- sealed secret; NULL: no second factor
	totp_wanted TEXT,                       -- sealed secret that was shown and not confirmed yet
	totp_step   INTEGER NOT NULL DEFAULT 0, -- 30-second step of the last code taken: none is taken twice
	created_ms  INTEGER NOT NULL,
	disabled_ms INTEGER NOT NULL DEFAULT 0,
	login_ms    INTEGER NOT NULL DEFAULT 0  -- last one
) STRICT;

CREATE TABLE sessions (
	id           INTEGER PRIMARY KEY,
	user_id      INTEGER NOT NULL REFERENCES users(id),
	hash         BLOB NOT NULL UNIQUE,      -- SHA-256 of the cookie
	created_ms   INTEGER NOT NULL,
	last_used_ms INTEGER NOT NULL,
	expires_ms   INTEGER NOT NULL,          -- whatever happens
	client       TEXT NOT NULL,             -- address
	agent        TEXT NOT NULL              -- what the browser calls itself
) STRICT;
CREATE INDEX sessions_by_user ON sessions(user_id);

-- Links that are good once: the first owner's (user 0), and those by which people choose their password.
CREATE TABLE invitations (
	id         INTEGER PRIMARY KEY,
	user_id    INTEGER NOT NULL,
	hash       BLOB NOT NULL UNIQUE,        -- SHA-256 of the token
	created_ms INTEGER NOT NULL,
	expires_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX invitations_by_user ON invitations(user_id);

-- For the day on which the telephone is lost. A used one is deleted.
CREATE TABLE recovery_codes (
	user_id INTEGER NOT NULL REFERENCES users(id),
	hash    BLOB NOT NULL,                  -- SHA-256
	PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

-- A token may never do more than the person who made it may do now; 0: made on the box itself.
ALTER TABLE api_tokens ADD COLUMN user_id INTEGER NOT NULL DEFAULT 0;

-- Who changed what. hash = SHA-256(hash of the row before || fields), see app/store/audit.h.
CREATE TABLE audit_log (
	id         INTEGER PRIMARY KEY,
	at_ms      INTEGER NOT NULL,
	company_id INTEGER NOT NULL,
	actor_kind TEXT NOT NULL CHECK (actor_kind IN ('user', 'token', 'command', 'system', 'nobody')),
	actor_id   INTEGER NOT NULL,
	actor      TEXT NOT NULL,               -- name at that time
	client     TEXT NOT NULL,               -- address
	request_id TEXT NOT NULL,
	action     TEXT NOT NULL,               -- "settings.change"
	subject    TEXT NOT NULL,               -- what it was done to
	detail     TEXT NOT NULL,               -- JSON or ''; no secrets, no messages
	hash       BLOB NOT NULL
) STRICT;
CREATE TRIGGER audit_log_keeps_rows BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_log_keeps_words BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
