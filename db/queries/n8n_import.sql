-- Imports of our workflows into n8n.

-- name: n8n_import_get
-- One of them.
-- in: target_id workflow
-- out: target_id workflow state detail workflow_id webhook_url door_credential api_credential wanted_ms updated_ms
SELECT target_id, workflow, state, detail, workflow_id, webhook_url, door_credential, api_credential, wanted_ms, updated_ms
  FROM n8n_imports WHERE target_id = @target_id AND workflow = @workflow;

-- name: n8n_import_list
-- All of a target.
-- in: target_id
-- out: target_id workflow state detail workflow_id webhook_url door_credential api_credential wanted_ms updated_ms
SELECT target_id, workflow, state, detail, workflow_id, webhook_url, door_credential, api_credential, wanted_ms, updated_ms
  FROM n8n_imports WHERE target_id = @target_id ORDER BY workflow;

-- name: n8n_import_put
-- Where it is.
-- in: target_id workflow state detail workflow_id webhook_url door_credential api_credential now_ms
INSERT INTO n8n_imports (target_id, workflow, state, detail, workflow_id, webhook_url, door_credential, api_credential,
                         wanted_ms, updated_ms)
VALUES (@target_id, @workflow, @state, @detail, @workflow_id, @webhook_url, @door_credential, @api_credential, @now_ms,
        @now_ms)
ON CONFLICT (target_id, workflow) DO UPDATE
   SET state = excluded.state, detail = excluded.detail, workflow_id = excluded.workflow_id,
       webhook_url = excluded.webhook_url, door_credential = excluded.door_credential,
       api_credential = excluded.api_credential, updated_ms = excluded.updated_ms,
       wanted_ms = CASE WHEN excluded.state = 'wanted' THEN excluded.wanted_ms ELSE wanted_ms END;
