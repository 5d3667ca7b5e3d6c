-- How often the peer was reached and refused a job for its own sake: attempts and waits count other things too.
ALTER TABLE jobs ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;

-- What an attempt inherits: how often the provider refused it and those before for its own sake, and how urgent it was.
ALTER TABLE whatsapp_messages ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE whatsapp_messages ADD COLUMN prio INTEGER NOT NULL DEFAULT 1; -- as in jobs
