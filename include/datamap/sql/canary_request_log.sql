-- A canary: a request that nobody sent, in the partition of its time. Returns its id.
INSERT INTO logs.request_log (request_id, logged_at, stored_at, method, path, status, client_ip, user_agent)
VALUES (%(number)s, %(start_at)s, %(start_at)s, 'GET', '/canary', 200, '192.0.2.1', 'canary')
RETURNING request_id
