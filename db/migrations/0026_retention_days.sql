-- What retention took away, by day: whoever asks for how long things are kept sees that it is so.
CREATE TABLE retention_days (
	day       INTEGER NOT NULL,             -- since 1970, UTC
	what      TEXT NOT NULL,                -- store/retention/retention.h
	gone      INTEGER NOT NULL,             -- rows, or files
	bytes     INTEGER NOT NULL,             -- that came free
	last_ms   INTEGER NOT NULL,
	PRIMARY KEY (day, what)
) STRICT, WITHOUT ROWID;

-- How often somebody looked at numbers is counted over years of the log.
CREATE INDEX audit_log_by_actor ON audit_log(actor_kind, actor_id, action, at_ms);
