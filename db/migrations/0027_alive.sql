-- The watchdog's own row: each beat writes it, so that the service manager is fed by real commits; of a start that ended
-- badly it is the last sign of life.
ALTER TABLE boots ADD COLUMN alive_ms INTEGER NOT NULL DEFAULT 0;
