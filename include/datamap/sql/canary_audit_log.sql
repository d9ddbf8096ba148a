-- A canary: a record of an invented act. Returns its id.
INSERT INTO public.audit_log (event_id, logged_at, stored_at, message)
VALUES (%(number)s, %(start_at)s, %(start_at)s, 'A canary, invented')
RETURNING event_id
