-- People and the spellings under which they were seen.

-- name: contact_lookup
-- Every known spelling that meets one of the asked keys. A NULL key finds nothing. `what` is the place of the key.
-- in: company_id phone user_id parent_id lid group_id phone_alias name username
-- out: what contact_id same_alias same_name
SELECT 0 AS what, a.contact_id, a.alias = @phone_alias AS same_alias,
       c.profile_name IS coalesce(@name, c.profile_name) AND c.username IS coalesce(@username, c.username) AS same_name
  FROM contact_aliases AS a JOIN contacts AS c ON c.id = a.contact_id
 WHERE a.company_id = @company_id AND a.kind = 'phone' AND a.match = @phone
UNION ALL
SELECT 1, a.contact_id, 1,
       c.profile_name IS coalesce(@name, c.profile_name) AND c.username IS coalesce(@username, c.username)
  FROM contact_aliases AS a JOIN contacts AS c ON c.id = a.contact_id
 WHERE a.company_id = @company_id AND a.kind = 'user' AND a.match = @user_id
UNION ALL
SELECT 2, a.contact_id, 1,
       c.profile_name IS coalesce(@name, c.profile_name) AND c.username IS coalesce(@username, c.username)
  FROM contact_aliases AS a JOIN contacts AS c ON c.id = a.contact_id
 WHERE a.company_id = @company_id AND a.kind = 'user' AND a.match = @parent_id
UNION ALL
SELECT 3, a.contact_id, 1,
       c.profile_name IS coalesce(@name, c.profile_name) AND c.username IS coalesce(@username, c.username)
  FROM contact_aliases AS a JOIN contacts AS c ON c.id = a.contact_id
 WHERE a.company_id = @company_id AND a.kind = 'lid' AND a.match = @lid
UNION ALL
SELECT 4, a.contact_id, 1,
       c.profile_name IS coalesce(@name, c.profile_name) AND c.username IS coalesce(@username, c.username)
  FROM contact_aliases AS a JOIN contacts AS c ON c.id = a.contact_id
 WHERE a.company_id = @company_id AND a.kind = 'group' AND a.match = @group_id;

-- name: contact_insert
-- A new person or group.
-- in: company_id kind name username now_ms
INSERT INTO contacts (id, company_id, kind, name, profile_name, username, created_ms, updated_ms)
VALUES ((SELECT max(f.contact_id, coalesce((SELECT max(id) FROM contacts), 0)) + 1 FROM row_floors AS f WHERE f.id = 1),
	@company_id, @kind, @name, @name, @username, @now_ms, @now_ms);

-- name: contact_alias
-- A new spelling of a person.
-- in: company_id kind match alias contact_id created_ms
INSERT INTO contact_aliases (company_id, kind, match, alias, contact_id, created_ms)
VALUES (@company_id, @kind, @match, @alias, @contact_id, @created_ms);

-- name: contact_profile
-- What they call themselves changed; a name that a person or the address book gave stays in front.
-- in: id name username now_ms
UPDATE contacts
   SET profile_name = coalesce(@name, profile_name), username = coalesce(@username, username), updated_ms = @now_ms,
       name = coalesce(given_name, book_name, @name, profile_name)
 WHERE id = @id;

-- name: contact_book
-- The name in the address book of the business; NULL: it does not stand there any more.
-- in: id name now_ms
UPDATE contacts
   SET book_name = @name, updated_ms = @now_ms, name = coalesce(given_name, @name, profile_name)
 WHERE id = @id;

-- name: contact_give_name
-- The name that a person gave; NULL: back to the others.
-- in: id name now_ms
UPDATE contacts
   SET given_name = @name, updated_ms = @now_ms, name = coalesce(@name, book_name, profile_name)
 WHERE id = @id;

-- name: contact_marketing
-- A wish about advertising; the later one counts.
-- in: id word at_ms now_ms
UPDATE contacts SET marketing = @word, marketing_ms = @at_ms, updated_ms = @now_ms
 WHERE id = @id AND marketing_ms <= @at_ms;

-- name: contact_load
-- One person with the book of aliases as JSON.
-- in: id
-- out: id company_id kind name profile_name book_name given_name username marketing marketing_ms merged_into created_ms updated_ms aliases
SELECT c.id, c.company_id, c.kind, c.name, c.profile_name, c.book_name, c.given_name, c.username, c.marketing,
       c.marketing_ms, c.merged_into, c.created_ms, c.updated_ms,
       (SELECT json_group_array(json_object('kind', kind, 'alias', alias))
          FROM (SELECT kind, alias FROM contact_aliases WHERE contact_id = c.id
                 ORDER BY kind, created_ms, alias)) AS aliases
  FROM contacts AS c WHERE c.id = @id;

-- name: contact_list
-- Contacts of a company, newest first; merged ones are not shown. number: the digits of a search that is one.
-- in: company_id before_id search number kind marketing limit
-- out: id company_id kind name profile_name book_name given_name username marketing marketing_ms merged_into created_ms updated_ms aliases
-- scan: passes over other companies; the search is filtered in passing
SELECT c.id, c.company_id, c.kind, c.name, c.profile_name, c.book_name, c.given_name, c.username, c.marketing,
       c.marketing_ms, c.merged_into, c.created_ms, c.updated_ms,
       (SELECT json_group_array(json_object('kind', kind, 'alias', alias))
          FROM (SELECT kind, alias FROM contact_aliases WHERE contact_id = c.id
                 ORDER BY kind, created_ms, alias)) AS aliases
  FROM contacts AS c
 WHERE c.id < @before_id AND +c.company_id = @company_id AND c.merged_into = 0
   AND (@kind IS NULL OR c.kind = @kind)
   AND (@marketing IS NULL OR c.marketing = @marketing)
   AND (@search IS NULL OR instr(lower(c.name), lower(@search)) > 0 OR instr(lower(c.username), lower(@search)) > 0
        OR EXISTS (SELECT 1 FROM contact_aliases AS a WHERE a.contact_id = c.id AND (instr(a.alias, @search) > 0 OR instr(a.alias, @number) > 0)))
 ORDER BY c.id DESC
 LIMIT @limit;

-- name: contact_of_conversation
-- Whose conversation it is.
-- in: conversation_id
-- out: contact_id company_id
SELECT contact_id, company_id FROM whatsapp_conversations WHERE id = @conversation_id;
