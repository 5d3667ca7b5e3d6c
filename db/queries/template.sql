-- Message templates of WhatsApp business accounts.

-- name: template_put
-- What a list of Meta says of a template.
-- in: company_id waba_id name language meta_id status category quality reason now_ms components
INSERT INTO templates (company_id, waba_id, name, language, meta_id, status, category, quality, reason, components,
                       seen_ms, created_ms, updated_ms)
VALUES (@company_id, @waba_id, @name, @language, @meta_id, @status, @category, @quality, @reason, @components,
        @now_ms, @now_ms, @now_ms)
ON CONFLICT (waba_id, name, language) DO UPDATE
   SET company_id = excluded.company_id, meta_id = excluded.meta_id, status = excluded.status,
       category = excluded.category, quality = coalesce(excluded.quality, quality), reason = excluded.reason,
       components = excluded.components, seen_ms = excluded.seen_ms,
       updated_ms = CASE WHEN status IS excluded.status AND components IS excluded.components
                          AND category IS excluded.category THEN updated_ms ELSE excluded.updated_ms END;

-- name: template_news
-- What a webhook says of a template; what it does not name stays.
-- in: company_id waba_id name language meta_id status category quality reason now_ms stale
INSERT INTO templates (company_id, waba_id, name, language, meta_id, status, category, quality, reason, seen_ms,
                       created_ms, updated_ms)
VALUES (@company_id, @waba_id, @name, @language, @meta_id, coalesce(@status, 'UNKNOWN'), @category, @quality, @reason,
        @now_ms, @now_ms, @now_ms)
ON CONFLICT (waba_id, name, language) DO UPDATE
   SET meta_id = coalesce(excluded.meta_id, meta_id), status = coalesce(@status, status),
       category = coalesce(@category, category), quality = coalesce(@quality, quality),
       reason = CASE WHEN @status IS NULL THEN reason ELSE @reason END,
       components = CASE WHEN @stale <> 0 THEN NULL ELSE components END,
       seen_ms = excluded.seen_ms, updated_ms = excluded.updated_ms;

-- name: template_forget
-- Those of an account that its complete list does not name any more.
-- in: waba_id before_ms
DELETE FROM templates WHERE waba_id = @waba_id AND seen_ms < @before_ms;

-- name: template_listed
-- The list of an account was complete at this time.
-- in: waba_id synced_ms
INSERT INTO template_lists (waba_id, synced_ms) VALUES (@waba_id, @synced_ms)
ON CONFLICT (waba_id) DO UPDATE SET synced_ms = excluded.synced_ms;

-- name: template_list_time
-- When the list of an account was last complete.
-- in: waba_id
-- out: synced_ms
SELECT synced_ms FROM template_lists WHERE waba_id = @waba_id;

-- name: template_find
-- One template of an account.
-- in: waba_id name language
-- out: id company_id waba_id name language meta_id status category quality reason components created_ms updated_ms
SELECT id, company_id, waba_id, name, language, meta_id, status, category, quality, reason, components, created_ms,
       updated_ms
  FROM templates WHERE waba_id = @waba_id AND name = @name AND language = @language;

-- name: template_page
-- Templates of a company by name and language.
-- in: company_id waba_id status search after_id limit
-- out: id company_id waba_id name language meta_id status category quality reason components created_ms updated_ms
-- scan: filters in passing; an account has at most 6000
SELECT id, company_id, waba_id, name, language, meta_id, status, category, quality, reason, components, created_ms,
       updated_ms
  FROM templates
 WHERE company_id = @company_id AND id > @after_id
   AND (@waba_id IS NULL OR waba_id = @waba_id)
   AND (@status IS NULL OR status = @status)
   AND (@search IS NULL OR instr(name, @search) > 0)
 ORDER BY id
 LIMIT @limit;
