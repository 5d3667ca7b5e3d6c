-- name: prove_deliveries
-- Every stored delivery got its job in the same transaction: the queue has accepted at least as many (replays add).
-- in:
-- out: newest kept put_aside accepted
-- scan: counts the table; run by `totem prove` only
SELECT coalesce(max(id), 0) AS newest, count(*) AS kept, count(*) FILTER (WHERE outcome IS NOT NULL) AS put_aside,
       (SELECT accepted FROM queues WHERE name = 'webhooks') AS accepted
  FROM webhook_deliveries;
