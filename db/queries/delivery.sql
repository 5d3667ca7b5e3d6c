-- Raw webhook requests. Appended by the acknowledgement path: the table has no index but its ids.

-- name: delivery_insert
-- Appends a request.
-- in: received_ms company_id target_id source request_id signature headers body_size body
INSERT INTO webhook_deliveries
	(received_ms, company_id, target_id, source, request_id, signature, headers, body_size, body)
VALUES (@received_ms, @company_id, @target_id, @source, @request_id, @signature, @headers, @body_size, @body);

-- name: delivery_load
-- One request with its body.
-- in: id
-- out: id received_ms company_id target_id source signature request_id headers outcome body
SELECT id, received_ms, company_id, target_id, source, signature, request_id, headers, outcome, body
  FROM webhook_deliveries WHERE id = @id;

-- name: delivery_request
-- What a replay needs of a request.
-- in: id
-- out: request_id outcome
SELECT request_id, outcome FROM webhook_deliveries WHERE id = @id;

-- name: delivery_marks
-- Where the tables stand, to see what processing a request added.
-- out: messages changes contacts conversations events written
SELECT (SELECT coalesce(max(id), 0) FROM whatsapp_messages) AS messages, (SELECT coalesce(max(id), 0) FROM message_changes) AS changes,
       (SELECT coalesce(max(id), 0) FROM contacts) AS contacts, (SELECT coalesce(max(id), 0) FROM whatsapp_conversations) AS conversations,
       (SELECT coalesce(max(id), 0) FROM topic_events) AS events, total_changes() AS written;

-- name: delivery_outcome
-- Why a request was put aside; NULL: it is on its way again.
-- in: id outcome
UPDATE webhook_deliveries SET outcome = @outcome WHERE id = @id;

-- name: delivery_list
-- Requests without their bodies, newest first; the ids are bounds that the search by time gave.
-- in: from_id before_id from_ms to_ms source put_aside limit
-- out: id received_ms company_id target_id source signature request_id headers outcome
-- scan: the table may have no index; source and outcome are filtered in passing
SELECT id, received_ms, company_id, target_id, source, signature, request_id, headers, outcome
  FROM webhook_deliveries
 WHERE id >= @from_id AND id < @before_id
   AND received_ms >= @from_ms AND received_ms < @to_ms
   AND (@source IS NULL OR source = @source)
   AND (@put_aside = 0 OR outcome IS NOT NULL)
 ORDER BY id DESC
 LIMIT @limit;

-- name: delivery_last
-- Newest id, NULL without requests.
-- out: id
SELECT max(id) AS id FROM webhook_deliveries;

-- name: delivery_first
-- Oldest kept id, NULL without requests.
-- out: id
SELECT min(id) AS id FROM webhook_deliveries;

-- name: delivery_probe
-- First request at or behind an id, with its time (search by time).
-- in: at_id
-- out: id at_ms
SELECT id, received_ms AS at_ms FROM webhook_deliveries WHERE id >= @at_id ORDER BY id LIMIT 1;

-- name: delivery_trim
-- Deletes old requests that neither a job nor a dead letter of queue `webhooks` refers to.
-- in: below_id hooks_first hooks_last limit
-- scan: reads the refs of the queue's jobs and dead letters once
DELETE FROM webhook_deliveries WHERE id IN (
	SELECT id FROM webhook_deliveries
	 WHERE id < @below_id
	   AND id NOT IN (SELECT ref FROM jobs WHERE id BETWEEN @hooks_first AND @hooks_last)
	   AND id NOT IN (SELECT ref FROM dead_letters WHERE queue = 'webhooks')
	 ORDER BY id
	 LIMIT @limit);
