-- A canary: a click of an invented device. Returns its id.
INSERT INTO public.usage_events (event_id, collected_at, stored_at, ip_address, user_agent, device_id, page)
VALUES (%(number)s, %(start_at)s, %(start_at)s, '192.0.2.1', 'canary', 'canary', '/canary')
RETURNING event_id
