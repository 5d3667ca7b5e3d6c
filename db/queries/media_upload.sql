-- Files that a provider has from us.

-- name: media_upload_put
-- The provider's id of a file.
-- in: media_id channel_id as_mime peer_id now_ms valid_to_ms
INSERT INTO media_uploads (media_id, channel_id, as_mime, peer_id, uploaded_ms, valid_to_ms)
VALUES (@media_id, @channel_id, @as_mime, @peer_id, @now_ms, @valid_to_ms)
ON CONFLICT (media_id, channel_id, as_mime)
DO UPDATE SET peer_id = excluded.peer_id, uploaded_ms = excluded.uploaded_ms, valid_to_ms = excluded.valid_to_ms;

-- name: media_upload_find
-- An id that is still valid.
-- in: media_id channel_id as_mime now_ms
-- out: peer_id
SELECT peer_id FROM media_uploads
 WHERE media_id = @media_id AND channel_id = @channel_id AND as_mime = @as_mime AND valid_to_ms > @now_ms;

-- name: media_upload_forget
-- The provider says that it does not know the id.
-- in: media_id channel_id
DELETE FROM media_uploads WHERE media_id = @media_id AND channel_id = @channel_id;
