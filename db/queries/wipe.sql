-- What deleted rows leave behind: in pages (io/wipe.h) and in the search indexes.

-- name: wipe_page
-- The bytes of a page.
-- in: page
-- out: data
SELECT data FROM sqlite_dbpage WHERE schema = 'main' AND pgno = @page;

-- name: wipe_page_put
-- The same page without what nobody reads.
-- in: page data
UPDATE sqlite_dbpage SET data = @data WHERE schema = 'main' AND pgno = @page;

-- name: wipe_messages
-- Makes one segment of the index of messages, a step: words of deleted ones stay out of it.
-- in: pages
INSERT INTO message_search(message_search, rank) VALUES ('merge', @pages);

-- name: wipe_contacts
-- The same for people.
-- in: pages
INSERT INTO contact_search(contact_search, rank) VALUES ('merge', @pages);

-- name: wipe_written
-- Rows that this connection wrote: a step that wrote nothing is the last.
-- out: written
SELECT total_changes() AS written;
