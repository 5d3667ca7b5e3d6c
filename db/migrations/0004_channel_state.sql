-- What the box knows about a channel beside its settings, its usual traffic, and the periodic work.

CREATE TABLE channel_facts (
	channel_id INTEGER NOT NULL REFERENCES targets(id),
	name       TEXT NOT NULL,               -- store/channel_fact.def
	value      TEXT NOT NULL,
	changed_ms INTEGER NOT NULL,            -- since when it has this value
	seen_ms    INTEGER NOT NULL,            -- when it was last told
	PRIMARY KEY (channel_id, name)
) STRICT, WITHOUT ROWID;

-- What a provider told of an account or number itself: bans, quality, PIN changes.
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

-- Customers' messages of each hour; folded into channel_usual when the hour is over.
CREATE TABLE channel_hours (
	channel_id INTEGER NOT NULL,
	hour       INTEGER NOT NULL,            -- hours since 1970
	messages   INTEGER NOT NULL,
	PRIMARY KEY (channel_id, hour)
) STRICT, WITHOUT ROWID;

-- Usual messages of each hour of the week (0 = Thursday 00:00 UTC, as 1970 began), older weeks count less.
CREATE TABLE channel_usual (
	channel_id INTEGER NOT NULL,
	slot       INTEGER NOT NULL CHECK (slot BETWEEN 0 AND 167),
	thousandths INTEGER NOT NULL,           -- of a message
	weeks      INTEGER NOT NULL,            -- how many were learned from
	PRIMARY KEY (channel_id, slot)
) STRICT, WITHOUT ROWID;

-- One open job per kind of periodic work and thing it is about.
CREATE TABLE upkeeps (
	kind       TEXT NOT NULL,               -- flow/upkeep.c
	ref        INTEGER NOT NULL,            -- target, or what the kind is about
	job_id     INTEGER NOT NULL,            -- its job; a finished one is not in jobs any more
	ran_ms     INTEGER NOT NULL DEFAULT 0,  -- last run that went well
	failed_ms  INTEGER NOT NULL DEFAULT 0,
	error      TEXT,                        -- of the last run, when it failed
	PRIMARY KEY (kind, ref)
) STRICT, WITHOUT ROWID;

-- Incidents are told in the reader's language: a code and its arguments (store/incident_text.def).
ALTER TABLE incidents ADD COLUMN code TEXT NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN args TEXT; -- one a line
