-- Status, assignee, labels and attributes of a conversation, and who silenced its automation.

-- name: conversation_state_get
-- What was decided.
-- in: id
-- out: company_id status assignee team automation_off_until_ms automation_off_why last_message_id chatwoot_conversation_id
SELECT company_id, status, assignee, team, automation_off_until_ms, automation_off_why, last_message_id,
       chatwoot_conversation_id
  FROM whatsapp_conversations WHERE id = @id;

-- name: conversation_state_assign
-- Who has it.
-- in: id assignee team
UPDATE whatsapp_conversations SET assignee = @assignee, team = @team WHERE id = @id;

-- name: conversation_state_automation
-- Until when its automation is silent, and why.
-- in: id until_ms why
UPDATE whatsapp_conversations SET automation_off_until_ms = @until_ms, automation_off_why = @why WHERE id = @id;

-- name: conversation_state_label_list
-- Its labels.
-- in: conversation_id
-- out: label
SELECT label FROM conversation_labels WHERE conversation_id = @conversation_id ORDER BY label;

-- name: conversation_state_attribute_put
-- One value.
-- in: conversation_id name value updated_ms
INSERT INTO conversation_attributes (conversation_id, name, value, updated_ms)
VALUES (@conversation_id, @name, @value, @updated_ms)
ON CONFLICT (conversation_id, name) DO UPDATE SET value = excluded.value, updated_ms = excluded.updated_ms;

-- name: conversation_state_attribute_remove
-- No value any more.
-- in: conversation_id name
DELETE FROM conversation_attributes WHERE conversation_id = @conversation_id AND name = @name;

-- name: conversation_state_attribute_count
-- How many it has.
-- in: conversation_id
-- out: count
SELECT count(*) AS count FROM conversation_attributes WHERE conversation_id = @conversation_id;

-- name: conversation_state_attribute_list
-- Its values.
-- in: conversation_id
-- out: name value
SELECT name, value FROM conversation_attributes WHERE conversation_id = @conversation_id ORDER BY name;
