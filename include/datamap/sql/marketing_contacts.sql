-- Facts of our own marketing contacts, one row per contact. Columns are fixed: docs/data-map.md.
SELECT
    m.contact_id AS item_id,
    'self'::text AS tenant_id,
    m.contact_id::text AS person_id,
    m.created_at AS start_contact_created,
    w.unanswered_at AS start_consent_withdrawn,
    NULL::timestamptz AS evidence_at,
    p.stands_since AS proven_consent_at,
    w.last_at AS last_withdrawn_at
FROM public.marketing_contacts AS m
LEFT JOIN LATERAL (
    -- Proven: it names its proof. It counts from when it was given, and from no later than it was recorded. One that was withdrawn
    -- since proves nothing any more, but had answered what was withdrawn before it.
    SELECT
        max(least(c.given_at, c.recorded_at)) FILTER (WHERE c.withdrawn_at IS NULL) AS stands_since,
        max(least(c.given_at, c.recorded_at)) FILTER (
            WHERE c.withdrawn_at IS NULL OR c.withdrawn_at >= least(c.given_at, c.recorded_at)
        ) AS answered_at
    FROM public.marketing_consents AS c
    WHERE c.contact_id = m.contact_id AND c.proof_reference <> ''
) AS p ON TRUE
LEFT JOIN LATERAL (
    -- One withdrawn consent is enough, for whichever channel, unless a consent was proven that is newer than it. Before 1990 a date is
    -- none: nothing is proven newer than nobody knows when.
    SELECT
        min(c.withdrawn_at) FILTER (
            WHERE c.withdrawn_at < '1990-01-01 00:00:00+00' OR coalesce(c.withdrawn_at >= p.answered_at, TRUE)
        ) AS unanswered_at,
        max(c.withdrawn_at) AS last_at
    FROM public.marketing_consents AS c
    WHERE c.contact_id = m.contact_id
) AS w ON TRUE
