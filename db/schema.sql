-- Written by `make schema` from db/migrations: for reading, never run. A test keeps it true.

CREATE TABLE api_tokens (
	id           INTEGER PRIMARY KEY,
	company_id   INTEGER NOT NULL REFERENCES companies(id),
	name         TEXT NOT NULL,
	hash         BLOB NOT NULL UNIQUE,      -- SHA-256 of the token
	scopes       TEXT NOT NULL,             -- words parted by blanks
	created_ms   INTEGER NOT NULL,
	last_used_ms INTEGER NOT NULL DEFAULT 0,
	revoked_ms   INTEGER NOT NULL DEFAULT 0
, user_id INTEGER NOT NULL DEFAULT 0) STRICT;

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

CREATE INDEX audit_log_by_actor ON audit_log(actor_kind, actor_id, action, at_ms);

CREATE TRIGGER audit_log_keeps_rows BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;

CREATE TRIGGER audit_log_keeps_words BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;

CREATE TABLE boots (
	id         INTEGER PRIMARY KEY,
	boot_id    TEXT NOT NULL,
	started_ms INTEGER NOT NULL,
	stopped_ms INTEGER
, alive_ms INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE channel_events (
	id         INTEGER PRIMARY KEY,
	channel_id INTEGER NOT NULL,
	field      TEXT NOT NULL,               -- "account_update", "connection.update", ...
	event      TEXT NOT NULL,               -- the provider's word; '' when it has none
	at_ms      INTEGER NOT NULL,            -- the provider's time
	recorded_ms INTEGER NOT NULL,
	detail     TEXT NOT NULL                -- JSON as it came, cut to a limit
) STRICT;

CREATE INDEX channel_events_by_channel ON channel_events(channel_id, id);

CREATE TABLE channel_facts (
	channel_id INTEGER NOT NULL REFERENCES targets(id),
	name       TEXT NOT NULL,               -- store/channel_fact.def
	value      TEXT NOT NULL,
	changed_ms INTEGER NOT NULL,            -- since when it has this value
	seen_ms    INTEGER NOT NULL,            -- when it was last told
	PRIMARY KEY (channel_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE channel_hours (
	channel_id INTEGER NOT NULL,
	hour       INTEGER NOT NULL,            -- hours since 1970
	messages   INTEGER NOT NULL,
	PRIMARY KEY (channel_id, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE channel_usual (
	channel_id INTEGER NOT NULL,
	slot       INTEGER NOT NULL CHECK (slot BETWEEN 0 AND 167),
	thousandths INTEGER NOT NULL,           -- of a message
	weeks      INTEGER NOT NULL,            -- how many were learned from
	PRIMARY KEY (channel_id, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE chatwoot_marks (
	message_id INTEGER PRIMARY KEY,
	-- its file there: with it, still to come, told that it does not come, brought later, never; NULL: it has none
	file       TEXT CHECK (file IN ('with', 'coming', 'told', 'added', 'never')),
	told       TEXT -- the delivery state that was told last; NULL: none
) STRICT;

CREATE TABLE chatwoot_messages (
	target_id   INTEGER NOT NULL,
	chatwoot_message_id INTEGER NOT NULL,
	message_id  INTEGER NOT NULL,
	origin      TEXT NOT NULL CHECK (origin IN ('totem', 'agent')),
	created_ms  INTEGER NOT NULL, parts INTEGER NOT NULL DEFAULT 1, deleted_ms INTEGER NOT NULL DEFAULT 0, failed_ms INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (target_id, chatwoot_message_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE chatwoot_setups (
	target_id  INTEGER PRIMARY KEY REFERENCES targets(id),
	state      TEXT NOT NULL CHECK (state IN ('wanted', 'waiting', 'done', 'failed')),
	detail     TEXT,
	version    TEXT,
	found      TEXT NOT NULL DEFAULT '{}', -- JSON: accounts, inbox, warnings (word, arguments)
	wanted_ms  INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE chatwoot_threads (
	conversation_id INTEGER PRIMARY KEY,
	state_ms   INTEGER NOT NULL DEFAULT 0,  -- updated_at of the newest state that was taken over
	seen_ms    INTEGER NOT NULL DEFAULT 0,  -- until when agents have seen it
	typing_ms  INTEGER NOT NULL DEFAULT 0   -- when the customer was last shown that somebody types
) STRICT;

CREATE TABLE clock_known (
	id      INTEGER PRIMARY KEY CHECK (id = 1),
	seen_ms INTEGER NOT NULL,               -- the newest time that was believed; 0: none yet
	ran_ms  INTEGER NOT NULL                -- how long the box has run since then in doubt, over restarts
) STRICT;

CREATE TABLE companies (
	id         INTEGER PRIMARY KEY,
	name       TEXT NOT NULL,
	created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE "contact_aliases" (
	company_id INTEGER NOT NULL,
	kind       TEXT NOT NULL CHECK (kind IN ('phone', 'user', 'lid', 'group', 'chatwoot')),
	match      TEXT NOT NULL,
	contact_id INTEGER NOT NULL REFERENCES contacts(id),
	alias      TEXT NOT NULL,
	created_ms INTEGER NOT NULL,
	PRIMARY KEY (company_id, kind, match, alias)
) STRICT, WITHOUT ROWID;

CREATE INDEX contact_aliases_by_contact ON contact_aliases(contact_id);

CREATE TRIGGER search_alias_gone AFTER DELETE ON contact_aliases
BEGIN INSERT OR IGNORE INTO search_stale(kind, id) VALUES ('contact', old.contact_id); END;

CREATE TRIGGER search_alias_moved AFTER UPDATE OF contact_id ON contact_aliases
BEGIN INSERT OR IGNORE INTO search_stale(kind, id) VALUES ('contact', old.contact_id), ('contact', new.contact_id); END;

CREATE TRIGGER search_alias_new AFTER INSERT ON contact_aliases
BEGIN INSERT OR IGNORE INTO search_stale(kind, id) VALUES ('contact', new.contact_id); END;

CREATE TABLE contact_merge_moves (
	merge_id INTEGER NOT NULL REFERENCES contact_merges(id),
	what     TEXT NOT NULL CHECK (what IN ('alias', 'conversation', 'message', 'thread')),
	row      INTEGER NOT NULL,              -- conversation or message; 0 for an alias
	key      TEXT NOT NULL,                 -- alias: "kind match alias"; else ''
	was      INTEGER NOT NULL,              -- contact or conversation that it belonged to
	PRIMARY KEY (merge_id, what, row, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact_merges (
	id         INTEGER PRIMARY KEY,
	company_id INTEGER NOT NULL,
	kept_id    INTEGER NOT NULL REFERENCES contacts(id),
	gone_id    INTEGER NOT NULL REFERENCES contacts(id),
	reason     TEXT NOT NULL CHECK (reason IN ('seen', 'moved', 'person')), -- shown together; changed number; by hand
	at_ms      INTEGER NOT NULL,
	undone_ms  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX contact_merges_by_gone ON contact_merges(gone_id);

CREATE INDEX contact_merges_by_kept ON contact_merges(kept_id);

CREATE VIRTUAL TABLE contact_search USING fts5(words, content='', contentless_delete=1,
	tokenize='trigram remove_diacritics 1');

CREATE TABLE contacts (
	id         INTEGER PRIMARY KEY,
	company_id INTEGER NOT NULL REFERENCES companies(id),
	name       TEXT,
	created_ms INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL
, kind TEXT NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'group')), profile_name TEXT, book_name TEXT, given_name TEXT, username TEXT, marketing TEXT CHECK (marketing IN ('stop', 'resume', 'signup')), marketing_ms INTEGER NOT NULL DEFAULT 0, merged_into INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TRIGGER contact_floor AFTER DELETE ON contacts
	WHEN old.id > (SELECT contact_id FROM row_floors WHERE id = 1) AND old.id > coalesce((SELECT max(id) FROM contacts), 0)
BEGIN UPDATE row_floors SET contact_id = old.id WHERE id = 1; END;

CREATE TRIGGER search_contact_gone AFTER DELETE ON contacts
BEGIN INSERT OR IGNORE INTO search_stale(kind, id) VALUES ('contact', old.id); END;

CREATE TRIGGER search_contact_name AFTER UPDATE OF name, username ON contacts
	WHEN new.name IS NOT old.name OR new.username IS NOT old.username
BEGIN INSERT OR IGNORE INTO search_stale(kind, id) VALUES ('contact', new.id); END;

CREATE TRIGGER search_contact_new AFTER INSERT ON contacts
BEGIN INSERT OR IGNORE INTO search_stale(kind, id) VALUES ('contact', new.id); END;

CREATE TABLE conversation_attributes (
	conversation_id INTEGER NOT NULL REFERENCES whatsapp_conversations(id),
	name       TEXT NOT NULL,
	value      TEXT NOT NULL,
	updated_ms INTEGER NOT NULL,
	PRIMARY KEY (conversation_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE conversation_labels (
	conversation_id INTEGER NOT NULL REFERENCES whatsapp_conversations(id),
	label           TEXT NOT NULL,
	PRIMARY KEY (conversation_id, label)
) STRICT, WITHOUT ROWID;

CREATE INDEX conversation_labels_by_label ON conversation_labels(label, conversation_id);

CREATE TABLE dead_letters (
	id          INTEGER PRIMARY KEY,
	queue       TEXT NOT NULL,
	class       TEXT NOT NULL CHECK (class IN ('ours', 'theirs')),
	reason      TEXT NOT NULL,              -- short and stable, for grouping
	error       TEXT NOT NULL,
	okey        INTEGER NOT NULL,
	lane        INTEGER NOT NULL,
	prio        INTEGER NOT NULL,
	attempts    INTEGER NOT NULL,
	ref         INTEGER NOT NULL,
	job_created_ms INTEGER NOT NULL,
	created_ms  INTEGER NOT NULL,
	correlation TEXT,
	history     TEXT,
	payload     TEXT
, job_id INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE INDEX dead_letters_by_job ON dead_letters(job_id);

CREATE INDEX dead_letters_by_queue ON dead_letters(queue, id);

CREATE TABLE erased_messages (
	digest     INTEGER PRIMARY KEY,         -- first 8 bytes of SHA-256
	erased_ms  INTEGER NOT NULL
) STRICT;

CREATE TABLE erasures (
	id          INTEGER PRIMARY KEY,
	company_id  INTEGER NOT NULL,
	contact_id  INTEGER NOT NULL,           -- a number that nobody has any more
	state       TEXT NOT NULL CHECK (state IN ('rows', 'pages', 'done')),
	asked_ms    INTEGER NOT NULL,
	rows_ms     INTEGER NOT NULL DEFAULT 0, -- when the last row was gone
	done_ms     INTEGER NOT NULL DEFAULT 0, -- when nothing of them could be read in the files any more
	newest_delivery INTEGER NOT NULL,       -- requests behind it are of a new life
	aliases     TEXT,                       -- JSON: under what the person stands in requests; NULL when the rows are gone
	messages    INTEGER NOT NULL DEFAULT 0,
	deliveries  INTEGER NOT NULL DEFAULT 0,
	letters     INTEGER NOT NULL DEFAULT 0,
	files       INTEGER NOT NULL DEFAULT 0,
	conversations INTEGER NOT NULL DEFAULT 0
, asked_by TEXT NOT NULL DEFAULT '') STRICT;

CREATE INDEX erasures_open ON erasures(state) WHERE state <> 'done';

CREATE VIEW failed_webhooks AS
	SELECT l.id, d.request_id, CAST(d.body AS TEXT) AS payload, l.payload AS message_id,
	       l.error AS error_message, l.history AS error_stack, l.created_ms AS created_at
	  FROM dead_letters AS l JOIN webhook_deliveries AS d ON d.id = l.ref
	 WHERE l.queue = 'webhooks';

CREATE TABLE idempotency (
	token_id   INTEGER NOT NULL,
	key        TEXT NOT NULL,
	body_hash  BLOB NOT NULL,
	status     INTEGER NOT NULL,
	answer     TEXT NOT NULL,
	created_ms INTEGER NOT NULL,
	PRIMARY KEY (token_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_created ON idempotency(created_ms);

CREATE TABLE incidents (
	id         INTEGER PRIMARY KEY,
	kind       TEXT NOT NULL,
	subject    TEXT NOT NULL,               -- "chatwoot.main", "queue.messages", "conversation ..."
	text       TEXT NOT NULL,
	count      INTEGER NOT NULL,
	opened_ms  INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL,
	closed_ms  INTEGER NOT NULL DEFAULT 0
, code TEXT NOT NULL DEFAULT '', args TEXT) STRICT;

CREATE UNIQUE INDEX incidents_open ON incidents(kind, subject) WHERE closed_ms = 0;

CREATE TABLE invitations (
	id         INTEGER PRIMARY KEY,
	user_id    INTEGER NOT NULL,
	hash       BLOB NOT NULL UNIQUE,        -- SHA-256 of the token
	created_ms INTEGER NOT NULL,
	expires_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX invitations_by_end ON invitations(expires_ms);

CREATE INDEX invitations_by_user ON invitations(user_id);

CREATE TABLE jobs (
	id          INTEGER PRIMARY KEY,
	okey        INTEGER NOT NULL,           -- jobs of one key run one after the other; 0: no order
	lane        INTEGER NOT NULL,           -- target id whose gate (pause, breaker, rate) holds it; 0: none
	prio        INTEGER NOT NULL CHECK (prio BETWEEN 0 AND 2), -- 0 high, 1 normal, 2 low
	due_ms      INTEGER NOT NULL,
	attempts    INTEGER NOT NULL DEFAULT 0, -- runs that ended without a result
	snoozes     INTEGER NOT NULL DEFAULT 0, -- "peer said wait until"
	created_ms  INTEGER NOT NULL,
	ref         INTEGER NOT NULL,           -- row that the work is about; its table is the queue's business
	boot        INTEGER NOT NULL DEFAULT 0, -- boot that marked its start durably (jobs met after an unclean stop)
	crashes     INTEGER NOT NULL DEFAULT 0, -- times the process died while such a mark stood
	correlation TEXT,
	history     TEXT,                       -- JSON array of earlier failures
	payload     TEXT
, refusals INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE INDEX jobs_delayed ON jobs(id >> 40, due_ms) WHERE due_ms > 0;

CREATE TABLE lookup_sessions (
	key        TEXT PRIMARY KEY,
	value      TEXT NOT NULL,              -- sealed: the token, and the digest of the login's settings
	expires_ms INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

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

CREATE TRIGGER media_uploads_gone AFTER DELETE ON media
BEGIN DELETE FROM media_uploads WHERE media_id = old.id; END;

CREATE TABLE media_totals (
	id    INTEGER PRIMARY KEY CHECK (id = 1),
	files INTEGER NOT NULL,
	bytes INTEGER NOT NULL
) STRICT;

CREATE TABLE media_uploads (
	media_id    INTEGER NOT NULL,
	channel_id  INTEGER NOT NULL,
	as_mime     TEXT NOT NULL,              -- type it was uploaded as
	peer_id     TEXT NOT NULL,
	uploaded_ms INTEGER NOT NULL,
	valid_to_ms INTEGER NOT NULL,
	PRIMARY KEY (media_id, channel_id, as_mime)
) STRICT, WITHOUT ROWID;

CREATE INDEX media_uploads_valid ON media_uploads(valid_to_ms);

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

CREATE INDEX message_attempts_by_target ON message_attempts(target, at_ms);

CREATE INDEX message_attempts_failed ON message_attempts(target, at_ms) WHERE status < 200 OR status > 299;

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
, content_json TEXT, before_json TEXT) STRICT;

CREATE INDEX message_changes_by_message ON message_changes(message_id) WHERE message_id <> 0;

CREATE INDEX message_changes_waiting ON message_changes(target) WHERE message_id = 0;

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

CREATE TABLE message_notes (
	id         INTEGER PRIMARY KEY,
	message_id INTEGER NOT NULL,
	at_ms      INTEGER NOT NULL,
	actor      TEXT NOT NULL,              -- name of the API token; 'totem': the box itself
	note       TEXT NOT NULL
) STRICT;

CREATE INDEX message_notes_by_message ON message_notes(message_id);

CREATE VIRTUAL TABLE message_search USING fts5(content, content='', contentless_delete=1, detail='none',
	tokenize='unicode61 remove_diacritics 2');

CREATE TABLE message_statuses (
	message_id  INTEGER NOT NULL,
	status      TEXT NOT NULL,
	recipient   TEXT NOT NULL,              -- participant of a group, else ''
	at_ms       INTEGER NOT NULL,           -- the provider's time
	recorded_ms INTEGER NOT NULL,
	error       TEXT,
	PRIMARY KEY (message_id, status, recipient)
) STRICT, WITHOUT ROWID;

CREATE TABLE message_tries (
	meta_message_id TEXT PRIMARY KEY,
	message_id INTEGER NOT NULL,
	n          INTEGER NOT NULL,            -- of the leaves
	failed_ms  INTEGER NOT NULL             -- a status called this try failed; 0: no
) STRICT, WITHOUT ROWID;

CREATE INDEX message_tries_by_message ON message_tries(message_id);

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

CREATE TABLE parked_statuses (
	id          INTEGER PRIMARY KEY,
	meta_message_id TEXT NOT NULL,
	status      TEXT NOT NULL,
	recipient   TEXT NOT NULL,
	at_ms       INTEGER NOT NULL,
	parked_ms   INTEGER NOT NULL,
	error       TEXT,
	pricing     TEXT, conversation TEXT,
	UNIQUE (meta_message_id, status, recipient)
) STRICT;

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

CREATE TABLE queues (
	name        TEXT PRIMARY KEY,
	number      INTEGER NOT NULL UNIQUE,
	accepted    INTEGER NOT NULL DEFAULT 0,
	done        INTEGER NOT NULL DEFAULT 0,
	failed      INTEGER NOT NULL DEFAULT 0, -- runs that failed, retried or not
	dead        INTEGER NOT NULL DEFAULT 0, -- now in dead_letters
	discarded   INTEGER NOT NULL DEFAULT 0, -- cleared, cancelled or thrown away by a person
	sequence    INTEGER NOT NULL DEFAULT 0, -- last number given to a job, never reused
	state       TEXT NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'paused', 'draining')),
	paused_until_ms INTEGER NOT NULL DEFAULT 0,
	recovered_to INTEGER NOT NULL DEFAULT 0 -- jobs up to this id may have been running when a process died
) STRICT, WITHOUT ROWID;

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

CREATE TABLE receipt_jobs (
	receipt_id  INTEGER NOT NULL,
	job_id      INTEGER NOT NULL,          -- its row in jobs is gone when it is finished
	message_id  INTEGER NOT NULL,          -- what it was about; 0: no message
	delivery_id INTEGER NOT NULL,          -- 0: no raw request
	PRIMARY KEY (receipt_id, job_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts (
	id         INTEGER PRIMARY KEY,
	kind       TEXT NOT NULL CHECK (kind IN ('stop', 'crash', 'peer')),
	subject    TEXT NOT NULL,               -- "box", "chatwoot.main"
	from_ms    INTEGER NOT NULL,
	to_ms      INTEGER NOT NULL,
	found      INTEGER NOT NULL,            -- jobs that waited at its end
	open       INTEGER NOT NULL,            -- of those, still unfinished
	lost       INTEGER NOT NULL,            -- accepted - done - discarded - dead - there: 0
	bounds     TEXT NOT NULL,               -- target (0: all), then the newest job of each queue at its end
	settled_ms INTEGER NOT NULL DEFAULT 0   -- when nothing was open any more
) STRICT;

CREATE TRIGGER receipt_jobs_gone AFTER DELETE ON receipts
BEGIN DELETE FROM receipt_jobs WHERE receipt_id = old.id; END;

CREATE TABLE recovered_messages (
	id          INTEGER PRIMARY KEY,
	target_id   INTEGER NOT NULL,
	written_ms  INTEGER NOT NULL,
	message_id  INTEGER NOT NULL,          -- 0: known by its id there only, until it is a message here
	chatwoot_message_id INTEGER NOT NULL   -- 0: of a channel
) STRICT;

CREATE INDEX recovered_messages_by_target ON recovered_messages(target_id);

CREATE INDEX recovered_messages_by_time ON recovered_messages(written_ms);

CREATE TABLE recovery_codes (
	user_id INTEGER NOT NULL REFERENCES users(id),
	hash    BLOB NOT NULL,                  -- SHA-256
	PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE retention_days (
	day       INTEGER NOT NULL,             -- since 1970, UTC
	what      TEXT NOT NULL,                -- store/retention/retention.h
	gone      INTEGER NOT NULL,             -- rows, or files
	bytes     INTEGER NOT NULL,             -- that came free
	last_ms   INTEGER NOT NULL,
	PRIMARY KEY (day, what)
) STRICT, WITHOUT ROWID;

CREATE TABLE row_floors (
	id         INTEGER PRIMARY KEY CHECK (id = 1),
	message_id INTEGER NOT NULL,
	conversation_id INTEGER NOT NULL,
	contact_id INTEGER NOT NULL
) STRICT;

CREATE TABLE schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum INTEGER NOT NULL, applied_ms INTEGER NOT NULL) STRICT;

CREATE TABLE search_place (
	id         INTEGER PRIMARY KEY CHECK (id = 1),
	message_id INTEGER NOT NULL
, old_form_id INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE search_stale (
	kind TEXT NOT NULL CHECK (kind IN ('message', 'contact')),
	id   INTEGER NOT NULL,
	PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE settings (
	key        TEXT PRIMARY KEY,
	value      TEXT NOT NULL,              -- sealed text for secrets
	updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE setup_results (
	step     TEXT PRIMARY KEY,              -- "whatsapp", "chatwoot", ...
	code     TEXT NOT NULL,                 -- store/setup_text.def; '' while a test runs
	arg      TEXT NOT NULL,
	asked_ms INTEGER NOT NULL,
	at_ms    INTEGER NOT NULL               -- of the result; 0: none yet
) STRICT, WITHOUT ROWID;

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
	updated_ms            INTEGER NOT NULL, detail TEXT,
	UNIQUE (company_id, crm_user_id, chatwoot_account_id)
) STRICT;

CREATE TABLE "targets" (
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

CREATE TABLE template_lists (
	waba_id    TEXT PRIMARY KEY,
	synced_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

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

CREATE TABLE topic_events (
	id          INTEGER PRIMARY KEY,
	topic       INTEGER NOT NULL,           -- store/topic.def
	company_id  INTEGER NOT NULL,
	okey        INTEGER NOT NULL,           -- conversation
	ref         INTEGER NOT NULL,           -- message, or 0
	hop         INTEGER NOT NULL,
	created_ms  INTEGER NOT NULL,
	correlation TEXT,
	payload     TEXT                        -- JSON; NULL when the message row says it all
) STRICT;

CREATE TABLE upkeeps (
	kind       TEXT NOT NULL,               -- flow/upkeep.c
	ref        INTEGER NOT NULL,            -- target, or what the kind is about
	job_id     INTEGER NOT NULL,            -- its job; a finished one is not in jobs any more
	ran_ms     INTEGER NOT NULL DEFAULT 0,  -- last run that went well
	failed_ms  INTEGER NOT NULL DEFAULT 0,
	error      TEXT,                        -- of the last run, when it failed
	PRIMARY KEY (kind, ref)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE webhook_deliveries (
	id          INTEGER PRIMARY KEY,
	received_ms INTEGER NOT NULL,
	company_id  INTEGER NOT NULL,
	target_id   INTEGER NOT NULL,           -- 0: not known at the door
	source      TEXT NOT NULL CHECK (source IN ('meta', 'evolution', 'chatwoot', 'n8n', 'lake')),
	outcome     TEXT,                       -- NULL: processed or on its way; else why it was put aside
	request_id  TEXT NOT NULL,
	signature   TEXT NOT NULL CHECK (signature IN ('valid', 'path', 'none')),
	headers     TEXT NOT NULL,              -- JSON object of the headers that matter
	body_size   INTEGER NOT NULL,
	body        BLOB NOT NULL
) STRICT;

CREATE TABLE whatsapp_conversations (
	id              INTEGER PRIMARY KEY,
	company_id      INTEGER NOT NULL,
	channel_id      INTEGER NOT NULL REFERENCES targets(id),
	contact_id      INTEGER NOT NULL REFERENCES contacts(id),
	wa_id           TEXT NOT NULL,          -- address to send to, as the provider gave it
	status          TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'pending', 'resolved', 'snoozed')),
	unread_count    INTEGER NOT NULL DEFAULT 0,
	last_message_at INTEGER NOT NULL DEFAULT 0,
	last_message_id INTEGER NOT NULL DEFAULT 0,
	last_inbound_ms INTEGER NOT NULL DEFAULT 0, -- opens the 24-hour window
	chatwoot_conversation_id INTEGER NOT NULL DEFAULT 0,
	chatwoot_contact_id      INTEGER NOT NULL DEFAULT 0,
	chatwoot_source_id       TEXT,
	automatic_from_ms INTEGER NOT NULL DEFAULT 0, -- start of the counted minute of automatic messages
	automatic_count   INTEGER NOT NULL DEFAULT 0,
	automation_off_until_ms INTEGER NOT NULL DEFAULT 0,
	created_ms      INTEGER NOT NULL, merged_into INTEGER NOT NULL DEFAULT 0, assigned_user_id INTEGER NOT NULL DEFAULT 0, automation_off_why TEXT, assignee TEXT, team TEXT, chatwoot_phone TEXT, snoozed_until_ms INTEGER NOT NULL DEFAULT 0, automatic_hour_ms INTEGER NOT NULL DEFAULT 0, automatic_hour_count INTEGER NOT NULL DEFAULT 0, automatic_day_ms INTEGER NOT NULL DEFAULT 0, automatic_day_count INTEGER NOT NULL DEFAULT 0, workflow_asked_ms INTEGER NOT NULL DEFAULT 0, workflow_hop INTEGER NOT NULL DEFAULT 0, turn_waits INTEGER NOT NULL DEFAULT 0, turn_hour_ms INTEGER NOT NULL DEFAULT 0, turn_hour_count INTEGER NOT NULL DEFAULT 0, turn_day_ms INTEGER NOT NULL DEFAULT 0, turn_day_count INTEGER NOT NULL DEFAULT 0, workflow_from_ms INTEGER NOT NULL DEFAULT 0, workflow_count INTEGER NOT NULL DEFAULT 0, automation_off_from_ms INTEGER NOT NULL DEFAULT 0,
	UNIQUE (channel_id, contact_id)
) STRICT;

CREATE INDEX whatsapp_conversations_assigned ON whatsapp_conversations(assigned_user_id, last_message_at DESC)
	WHERE assigned_user_id <> 0;

CREATE INDEX whatsapp_conversations_by_chatwoot ON whatsapp_conversations(company_id, chatwoot_conversation_id)
	WHERE chatwoot_conversation_id <> 0;

CREATE INDEX whatsapp_conversations_by_contact ON whatsapp_conversations(contact_id);

CREATE INDEX whatsapp_conversations_by_last
	ON whatsapp_conversations(company_id, last_message_at DESC, status, channel_id, assigned_user_id, merged_into);

CREATE INDEX whatsapp_conversations_by_wa_id ON whatsapp_conversations(company_id, wa_id);

CREATE INDEX whatsapp_conversations_unread ON whatsapp_conversations(company_id, last_message_at DESC)
	WHERE unread_count > 0;

CREATE TRIGGER chatwoot_thread_gone AFTER DELETE ON whatsapp_conversations
BEGIN DELETE FROM chatwoot_threads WHERE conversation_id = old.id; END;

CREATE TRIGGER conversation_floor AFTER DELETE ON whatsapp_conversations
	WHEN old.id > (SELECT conversation_id FROM row_floors WHERE id = 1) AND old.id > coalesce((SELECT max(id) FROM whatsapp_conversations), 0)
BEGIN UPDATE row_floors SET conversation_id = old.id WHERE id = 1; END;

CREATE TABLE "whatsapp_messages" (
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
, failed_ms INTEGER NOT NULL DEFAULT 0, conversation_info TEXT, attempt_of INTEGER NOT NULL DEFAULT 0, replaced_by INTEGER NOT NULL DEFAULT 0, fallback TEXT, tries INTEGER NOT NULL DEFAULT 0, prio INTEGER NOT NULL DEFAULT 1, twin_of INTEGER NOT NULL DEFAULT 0, leaves INTEGER NOT NULL DEFAULT 0, reached TEXT) STRICT;

CREATE INDEX whatsapp_messages_attempts ON whatsapp_messages(conversation_id, attempt_of) WHERE attempt_of > 0;

CREATE INDEX whatsapp_messages_by_conversation ON whatsapp_messages(company_id, conversation_id, timestamp DESC);

CREATE INDEX whatsapp_messages_by_media ON whatsapp_messages(media_id) WHERE media_id <> 0;

CREATE UNIQUE INDEX whatsapp_messages_by_meta ON whatsapp_messages(meta_message_id) WHERE meta_message_id IS NOT NULL;

CREATE INDEX whatsapp_messages_by_time ON whatsapp_messages(company_id, timestamp) WHERE id > 0;

CREATE INDEX whatsapp_messages_unsettled ON whatsapp_messages(sending) WHERE sending IN ('sending', 'unknown');

CREATE TRIGGER message_attempts_gone AFTER DELETE ON whatsapp_messages
BEGIN DELETE FROM message_attempts WHERE message_id = old.id; END;

CREATE TRIGGER message_floor AFTER DELETE ON whatsapp_messages
	WHEN old.id > (SELECT message_id FROM row_floors WHERE id = 1) AND old.id > coalesce((SELECT max(id) FROM whatsapp_messages), 0)
BEGIN UPDATE row_floors SET message_id = old.id WHERE id = 1; END;

CREATE TRIGGER message_notes_gone AFTER DELETE ON whatsapp_messages
BEGIN DELETE FROM message_notes WHERE message_id = old.id; END;

CREATE TRIGGER message_tries_gone AFTER DELETE ON whatsapp_messages
BEGIN DELETE FROM message_tries WHERE message_id = old.id; END;

CREATE TRIGGER search_message_edited AFTER UPDATE OF content ON whatsapp_messages WHEN new.content IS NOT old.content
BEGIN INSERT OR IGNORE INTO search_stale(kind, id) VALUES ('message', new.id); END;

CREATE TRIGGER search_message_gone AFTER DELETE ON whatsapp_messages
BEGIN INSERT OR IGNORE INTO search_stale(kind, id) VALUES ('message', old.id); END;
