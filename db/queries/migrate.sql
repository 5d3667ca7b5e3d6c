-- name: migrate_list
-- What was done to this database, oldest first.
-- out: number name checksum
-- scan: a row per migration
SELECT number, name, checksum FROM schema_migrations ORDER BY number;

-- name: migrate_insert
-- Records a migration, in its own transaction.
-- in: number name checksum applied_ms
INSERT INTO schema_migrations (number, name, checksum, applied_ms) VALUES (@number, @name, @checksum, @applied_ms);
