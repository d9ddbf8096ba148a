-- A canary: an invented contact whose consent was withdrawn. Its proof stays, like every other; its address leads nowhere. Returns its id.
WITH consent AS (
    INSERT INTO public.marketing_consents (
        consent_id, contact_id, channel, given_at, recorded_at, proof_reference, withdrawn_at
    )
    VALUES (
        gen_random_uuid(), %(id)s, 'email', %(start_at)s - interval '1 day', %(start_at)s - interval '1 day', 'canary', %(start_at)s
    )
)

INSERT INTO public.marketing_contacts (contact_id, email, name, source, created_at)
VALUES (%(id)s, 'canary-' || %(id)s || '@example.com', 'Canary, invented', 'canary', %(start_at)s - interval '1 day')
RETURNING contact_id
