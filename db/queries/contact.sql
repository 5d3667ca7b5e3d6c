-- People and the spellings under which they were seen.

-- name: contact_lookup
-- Every known spelling that meets the asked phone or user id. A NULL key finds nothing.
-- in: company_id phone user_id phone_alias name
-- out: is_user contact_id same_alias same_name
SELECT 0 AS is_user, a.contact_id, a.alias = @phone_alias AS same_alias, c.name IS @name AS same_name
  FROM contact_aliases AS a JOIN contacts AS c ON c.id = a.contact_id
 WHERE a.company_id = @company_id AND a.kind = 'phone' AND a.match = @phone
UNION ALL
SELECT 1, a.contact_id, 1, c.name IS @name
  FROM contact_aliases AS a JOIN contacts AS c ON c.id = a.contact_id
 WHERE a.company_id = @company_id AND a.kind = 'user' AND a.match = @user_id;

-- name: contact_insert
-- A new person.
-- in: company_id name now_ms
INSERT INTO contacts (company_id, name, created_ms, updated_ms) VALUES (@company_id, @name, @now_ms, @now_ms);

-- name: contact_alias
-- A new spelling of a person.
-- in: company_id kind match alias contact_id created_ms
INSERT INTO contact_aliases (company_id, kind, match, alias, contact_id, created_ms)
VALUES (@company_id, @kind, @match, @alias, @contact_id, @created_ms);

-- name: contact_rename
-- The profile name changed.
-- in: id name now_ms
UPDATE contacts SET name = @name, updated_ms = @now_ms WHERE id = @id;

-- name: contact_load
-- One person with the book of aliases as JSON.
-- in: id
-- out: id company_id name created_ms aliases
SELECT c.id, c.company_id, c.name, c.created_ms,
       (SELECT json_group_array(json_object('kind', kind, 'alias', alias))
          FROM (SELECT kind, alias FROM contact_aliases WHERE contact_id = c.id
                 ORDER BY kind, created_ms, alias)) AS aliases
  FROM contacts AS c WHERE c.id = @id;
