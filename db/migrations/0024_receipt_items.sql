-- A receipt's numbers are lists: which jobs waited at its end, which messages were found by asking, and what became of each.
CREATE TABLE receipt_jobs (
	receipt_id  INTEGER NOT NULL,
	job_id      INTEGER NOT NULL,          -- its row in jobs is gone when it is finished
	message_id  INTEGER NOT NULL,          -- what it was about; 0: no message
	delivery_id INTEGER NOT NULL,          -- 0: no raw request
	PRIMARY KEY (receipt_id, job_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER receipt_jobs_gone AFTER DELETE ON receipts
BEGIN DELETE FROM receipt_jobs WHERE receipt_id = old.id; END;

-- In place of counts by the minute.
CREATE TABLE recovered_messages (
	id          INTEGER PRIMARY KEY,
	target_id   INTEGER NOT NULL,
	written_ms  INTEGER NOT NULL,
	message_id  INTEGER NOT NULL,          -- 0: known by its id there only, until it is a message here
	chatwoot_message_id INTEGER NOT NULL   -- 0: of a channel
) STRICT;
CREATE INDEX recovered_messages_by_time ON recovered_messages(written_ms);
INSERT INTO recovered_messages (target_id, written_ms, message_id, chatwoot_message_id)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < (SELECT max(messages) FROM recovered_minutes))
SELECT m.target_id, m.minute * 60000, 0, 0 FROM recovered_minutes AS m JOIN n ON n.i <= m.messages;
DROP TABLE recovered_minutes;

-- The job that a dead letter was.
ALTER TABLE dead_letters ADD COLUMN job_id INTEGER NOT NULL DEFAULT 0;
CREATE INDEX dead_letters_by_job ON dead_letters(job_id);

-- Asked anew each time: a person may have decided since.
ALTER TABLE receipts DROP COLUMN dead;
ALTER TABLE receipts DROP COLUMN unknown;

-- Messages of a time over all conversations. New ones nearly always come last, so that it costs little. The condition holds for every
-- row; only a query that says it too can take this index: SQLite would else take it for lists of one conversation.
CREATE INDEX whatsapp_messages_by_time ON whatsapp_messages(company_id, timestamp) WHERE id > 0;
