-- How often the peer was reached and refused a job for its own sake: attempts and waits count other things too.
ALTER TABLE jobs ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;
