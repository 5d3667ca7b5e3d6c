-- People with an account.

-- name: user_insert
-- A new account.
-- in: company_id login name role language password password_ms created_ms
INSERT INTO users (company_id, login, name, role, language, password, password_ms, created_ms)
VALUES (@company_id, @login, @name, @role, @language, @password, @password_ms, @created_ms);

-- name: user_load
-- One account.
-- in: id
-- out: id company_id login name role language password password_ms totp totp_wanted totp_step created_ms disabled_ms login_ms
SELECT id, company_id, login, name, role, language, password, password_ms, totp, totp_wanted, totp_step, created_ms,
       disabled_ms, login_ms FROM users WHERE id = @id;

-- name: user_by_login
-- Row of a login.
-- in: login
-- out: id
SELECT id FROM users WHERE login = @login;

-- name: user_list
-- All accounts of a company.
-- in: company_id
-- out: id company_id login name role language password password_ms totp totp_wanted totp_step created_ms disabled_ms login_ms
-- scan: a list for people
SELECT id, company_id, login, name, role, language, password, password_ms, totp, totp_wanted, totp_step, created_ms,
       disabled_ms, login_ms FROM users WHERE company_id = @company_id ORDER BY id;

-- name: user_update
-- What may be edited.
-- in: id name role language disabled_ms
UPDATE users SET name = @name, role = @role, language = @language, disabled_ms = @disabled_ms WHERE id = @id;

-- name: user_set_password
-- A new password; NULL takes it away.
-- in: id password now_ms
UPDATE users SET password = @password, password_ms = @now_ms WHERE id = @id;

-- name: user_set_totp
-- The second factor: in use, and shown but not confirmed.
-- in: id totp totp_wanted totp_step
UPDATE users SET totp = @totp, totp_wanted = @totp_wanted, totp_step = @totp_step WHERE id = @id;

-- name: user_totp_step
-- A code is taken once: of two that come at the same time the second changes nothing.
-- in: id totp_step
UPDATE users SET totp_step = @totp_step WHERE id = @id AND totp_step < @totp_step;

-- name: user_logged_in
-- Notes a login.
-- in: id now_ms
UPDATE users SET login_ms = @now_ms WHERE id = @id;

-- name: user_owners
-- How many people with this role can still log in.
-- in: role
-- out: n
-- scan: few rows
SELECT count(*) AS n FROM users WHERE role = @role AND disabled_ms = 0;

-- name: user_any
-- Whether an account of this role was ever made.
-- in: role
-- out: id
-- scan: few rows
SELECT id FROM users WHERE role = @role LIMIT 1;

-- name: user_recovery_add
-- A recovery code.
-- in: user_id hash
INSERT INTO recovery_codes (user_id, hash) VALUES (@user_id, @hash);

-- name: user_recovery_use
-- Takes a recovery code away.
-- in: user_id hash
DELETE FROM recovery_codes WHERE user_id = @user_id AND hash = @hash;

-- name: user_recovery_clear
-- Takes all of a user away.
-- in: user_id
DELETE FROM recovery_codes WHERE user_id = @user_id;

-- name: user_recovery_count
-- How many are left.
-- in: user_id
-- out: n
SELECT count(*) AS n FROM recovery_codes WHERE user_id = @user_id;
