-- Sessions of browsers, and links that are good once.

-- name: session_insert
-- A login.
-- in: user_id hash created_ms expires_ms client agent
INSERT INTO sessions (user_id, hash, created_ms, last_used_ms, expires_ms, client, agent)
VALUES (@user_id, @hash, @created_ms, @created_ms, @expires_ms, @client, @agent);

-- name: session_by_hash
-- The session of a cookie with its user.
-- in: hash
-- out: id user_id created_ms last_used_ms expires_ms company_id login name role language user_created_ms disabled_ms
SELECT s.id, s.user_id, s.created_ms, s.last_used_ms, s.expires_ms, u.company_id, u.login, u.name, u.role, u.language,
       u.created_ms AS user_created_ms, u.disabled_ms
  FROM sessions AS s JOIN users AS u ON u.id = s.user_id WHERE s.hash = @hash;

-- name: session_alive
-- Whether a session is still one, and with which role.
-- in: id now_ms
-- out: role
SELECT u.role FROM sessions AS s JOIN users AS u ON u.id = s.user_id
 WHERE s.id = @id AND s.expires_ms > @now_ms AND u.disabled_ms = 0;

-- name: session_used
-- Notes the use of a session, if the last note is older than the given time.
-- in: id now_ms older_than_ms
UPDATE sessions SET last_used_ms = @now_ms WHERE id = @id AND last_used_ms < @older_than_ms;

-- name: session_list
-- Sessions of a user, newest first.
-- in: user_id
-- out: id user_id created_ms last_used_ms expires_ms client agent
SELECT id, user_id, created_ms, last_used_ms, expires_ms, client, agent
  FROM sessions WHERE user_id = @user_id ORDER BY id DESC;

-- name: session_end
-- Ends one session of a user.
-- in: id user_id
DELETE FROM sessions WHERE id = @id AND user_id = @user_id;

-- name: session_end_others
-- Ends all sessions of a user but one (0: all).
-- in: user_id but_id
DELETE FROM sessions WHERE user_id = @user_id AND id <> @but_id;

-- name: session_trim
-- Ends what is over: too old, not used for too long, or beyond the newest ones of a user.
-- in: user_id now_ms idle_before_ms keep
-- scan: few rows; at a login
DELETE FROM sessions
 WHERE expires_ms <= @now_ms OR last_used_ms < @idle_before_ms
    OR id IN (SELECT id FROM sessions WHERE user_id = @user_id ORDER BY id DESC LIMIT -1 OFFSET @keep);

-- name: session_invitation_insert
-- A link; those before it of the same user are over.
-- in: user_id hash created_ms expires_ms
INSERT INTO invitations (user_id, hash, created_ms, expires_ms) VALUES (@user_id, @hash, @created_ms, @expires_ms);

-- name: session_invitation_by_hash
-- Whose link it is.
-- in: hash
-- out: user_id expires_ms
SELECT user_id, expires_ms FROM invitations WHERE hash = @hash;

-- name: session_invitation_end
-- The links of a user are over.
-- in: user_id
DELETE FROM invitations WHERE user_id = @user_id;
