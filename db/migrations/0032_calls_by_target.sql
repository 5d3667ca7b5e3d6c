-- What was called, and what of it failed (no answer, or one that is not 2xx), as lists by target. Rows nearly always come at the end of
-- their target's range.
CREATE INDEX message_attempts_by_target ON message_attempts(target, at_ms);
CREATE INDEX message_attempts_failed ON message_attempts(target, at_ms) WHERE status < 200 OR status > 299;
CREATE INDEX recovered_messages_by_target ON recovered_messages(target_id);
