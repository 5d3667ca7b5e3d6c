-- Who asked for an erasure, by name, so that the list says so by itself; of earlier ones the audit log tells.
ALTER TABLE erasures ADD COLUMN asked_by TEXT NOT NULL DEFAULT '';
