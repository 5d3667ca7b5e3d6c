-- What agents write in Chatwoot: one message there may be several here, may be deleted or fail before it is one here.

ALTER TABLE chatwoot_messages ADD COLUMN parts INTEGER NOT NULL DEFAULT 1;      -- rows from message_id on
ALTER TABLE chatwoot_messages ADD COLUMN deleted_ms INTEGER NOT NULL DEFAULT 0; -- an agent deleted it there
ALTER TABLE chatwoot_messages ADD COLUMN failed_ms INTEGER NOT NULL DEFAULT 0;  -- it could not be made into messages

-- How far what Chatwoot says of a conversation was taken over; its webhooks come in any order.
CREATE TABLE chatwoot_threads (
	conversation_id INTEGER PRIMARY KEY,
	state_ms   INTEGER NOT NULL DEFAULT 0,  -- updated_at of the newest state that was taken over
	seen_ms    INTEGER NOT NULL DEFAULT 0,  -- until when agents have seen it
	typing_ms  INTEGER NOT NULL DEFAULT 0   -- when the customer was last shown that somebody types
) STRICT;
