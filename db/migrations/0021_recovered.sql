-- Messages whose webhook never came and that were found by asking, by the minute in which they were written: receipts of outages
-- count them, whichever is known first.
CREATE TABLE recovered_minutes (
	target_id INTEGER NOT NULL,
	minute    INTEGER NOT NULL,            -- since 1970
	messages  INTEGER NOT NULL,
	PRIMARY KEY (target_id, minute)
) STRICT, WITHOUT ROWID;
