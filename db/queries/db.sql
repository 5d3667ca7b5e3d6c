-- The frame of every transaction: prepared like all others, because it runs for each unit of work.

-- name: db_begin
-- Takes the write lock at once: a later upgrade could meet a busy database.
-- in:
-- out:
BEGIN IMMEDIATE;

-- name: db_commit
-- With its sync: from here on the units of the batch are durable.
-- in:
-- out:
COMMIT;

-- name: db_savepoint
-- Before each unit.
-- in:
-- out:
SAVEPOINT unit;

-- name: db_release
-- The unit was good.
-- in:
-- out:
RELEASE unit;
