-- Set-up of a Chatwoot.

-- name: chatwoot_setup_get
-- How far it is.
-- in: target_id
-- out: state detail version found wanted_ms updated_ms
SELECT state, detail, version, found, wanted_ms, updated_ms FROM chatwoot_setups WHERE target_id = @target_id;

-- name: chatwoot_setup_put
-- Where it is now.
-- in: target_id state detail version found now_ms
INSERT INTO chatwoot_setups (target_id, state, detail, version, found, wanted_ms, updated_ms)
VALUES (@target_id, @state, @detail, @version, @found, @now_ms, @now_ms)
ON CONFLICT (target_id) DO UPDATE
   SET state = excluded.state, detail = excluded.detail, version = coalesce(excluded.version, version),
       found = CASE WHEN excluded.found = '{}' THEN found ELSE excluded.found END, updated_ms = excluded.updated_ms,
       wanted_ms = CASE WHEN excluded.state = 'wanted' THEN excluded.wanted_ms ELSE wanted_ms END;
