-- Facts of our own marketing contacts, one row per contact. Columns are fixed: docs/data-map.md.
SELECT
    m.contact_id AS item_id,
    'self'::text AS tenant_id,
    m.contact_id::text AS person_id,
    m.created_at AS start_contact_created,
    (
        -- One withdrawn consent is enough, for whichever channel, unless a consent was proven that is newer than it.
        SELECT min(c.withdrawn_at)
        FROM public.marketing_consents AS c
        WHERE c.contact_id = m.contact_id AND coalesce(c.withdrawn_at >= p.proven_at, TRUE)
    ) AS start_consent_withdrawn,
    NULL::timestamptz AS evidence_at,
    p.proven_at AS proven_consent_at
FROM public.marketing_contacts AS m
LEFT JOIN LATERAL (
    -- Proven: it names its proof. It counts from when it was given, and from no later than it was recorded.
    SELECT max(least(c.given_at, c.recorded_at)) AS proven_at
    FROM public.marketing_consents AS c
    WHERE c.contact_id = m.contact_id AND c.withdrawn_at IS NULL AND c.proof_reference <> ''
) AS p ON TRUE
