-- Who of the CRM writes at Chatwoot as whom.

-- name: support_agent_put
-- The same mapping twice changes nothing.
-- in: company_id crm_user_id chatwoot_account_id chatwoot_user_id chatwoot_access_token email name is_bot detail now_ms
INSERT INTO support_agent_mappings (company_id, crm_user_id, chatwoot_account_id, chatwoot_user_id, chatwoot_access_token,
                                    email, name, is_bot, detail, created_ms, updated_ms)
VALUES (@company_id, @crm_user_id, @chatwoot_account_id, @chatwoot_user_id, @chatwoot_access_token, @email, @name, @is_bot,
        @detail, @now_ms, @now_ms)
ON CONFLICT (company_id, crm_user_id, chatwoot_account_id) DO UPDATE
   SET chatwoot_user_id = CASE excluded.chatwoot_user_id WHEN 0 THEN chatwoot_user_id ELSE excluded.chatwoot_user_id END,
       chatwoot_access_token = coalesce(excluded.chatwoot_access_token, chatwoot_access_token),
       email = excluded.email, name = excluded.name, is_bot = excluded.is_bot, detail = excluded.detail,
       updated_ms = excluded.updated_ms
 WHERE (excluded.chatwoot_user_id <> 0 AND chatwoot_user_id <> excluded.chatwoot_user_id) OR email <> excluded.email OR name <> excluded.name
    OR is_bot <> excluded.is_bot OR detail IS NOT excluded.detail OR excluded.chatwoot_access_token IS NOT NULL;

-- name: support_agent_find
-- The mapping of a person.
-- in: company_id crm_user_id chatwoot_account_id
-- out: id company_id crm_user_id chatwoot_account_id chatwoot_user_id chatwoot_access_token email name is_bot detail created_ms updated_ms
SELECT id, company_id, crm_user_id, chatwoot_account_id, chatwoot_user_id, chatwoot_access_token, email, name, is_bot,
       detail, created_ms, updated_ms
  FROM support_agent_mappings
 WHERE company_id = @company_id AND crm_user_id = @crm_user_id AND chatwoot_account_id = @chatwoot_account_id;

-- name: support_agent_list
-- All of a company.
-- in: company_id
-- out: id company_id crm_user_id chatwoot_account_id chatwoot_user_id chatwoot_access_token email name is_bot detail created_ms updated_ms
SELECT id, company_id, crm_user_id, chatwoot_account_id, chatwoot_user_id, chatwoot_access_token, email, name, is_bot,
       detail, created_ms, updated_ms
  FROM support_agent_mappings WHERE company_id = @company_id ORDER BY crm_user_id, chatwoot_account_id;

-- name: support_agent_drop
-- Messages are written under the bridge's name again.
-- in: company_id id
DELETE FROM support_agent_mappings WHERE company_id = @company_id AND id = @id;
