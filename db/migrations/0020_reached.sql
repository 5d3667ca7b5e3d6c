-- `failed` is a flag beside the rank: how far a message had come when it was called failed. None: it is not failed, or was
-- before there was this column.
ALTER TABLE whatsapp_messages ADD COLUMN reached TEXT;

-- The attempts of one message; few messages have any.
CREATE INDEX whatsapp_messages_attempts ON whatsapp_messages(conversation_id, attempt_of) WHERE attempt_of > 0;
