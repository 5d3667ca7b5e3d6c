-- Until when the clock was believed: one far ahead of it is not, and nothing is deleted by age until it is (flow/clockwatch).
CREATE TABLE clock_known (
	id      INTEGER PRIMARY KEY CHECK (id = 1),
	seen_ms INTEGER NOT NULL,               -- the newest time that was believed; 0: none yet
	ran_ms  INTEGER NOT NULL                -- how long the box has run since then in doubt, over restarts
) STRICT;

INSERT INTO clock_known(id, seen_ms, ran_ms)
SELECT 1, coalesce(max(max(started_ms, coalesce(stopped_ms, 0))), 0), 0 FROM boots;
