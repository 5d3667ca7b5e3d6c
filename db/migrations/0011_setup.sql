-- What the live tests of the first run found.

CREATE TABLE setup_results (
	step     TEXT PRIMARY KEY,              -- "whatsapp", "chatwoot", ...
	code     TEXT NOT NULL,                 -- store/setup_text.def; '' while a test runs
	arg      TEXT NOT NULL,
	asked_ms INTEGER NOT NULL,
	at_ms    INTEGER NOT NULL               -- of the result; 0: none yet
) STRICT, WITHOUT ROWID;
