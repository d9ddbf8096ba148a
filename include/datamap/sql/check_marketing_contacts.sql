-- What verification must know of each contact; one output row per contact. Written apart from marketing_contacts.sql.
WITH proven AS NOT MATERIALIZED (
    -- Consents that name their proof, by the earlier of both dates; `ended_at` where they were withdrawn.
    SELECT
        given.contact_id,
        CASE WHEN given.recorded_at < given.given_at THEN given.recorded_at ELSE given.given_at END AS since,
        given.withdrawn_at AS ended_at
    FROM public.marketing_consents AS given
    WHERE length(given.proof_reference) > 0
)

SELECT
    person.contact_id AS item_id,
    CAST('self' AS text) AS tenant_id,
    CAST(person.contact_id AS text) AS person_id,
    person.created_at AS start_contact_created,
    (
        -- The first withdrawal that no proven consent followed, which may have been withdrawn itself later on. Whether any followed one
        -- of before 1990 (a date that stands for none) nobody knows.
        SELECT ended.withdrawn_at
        FROM public.marketing_consents AS ended
        WHERE
            ended.contact_id = person.contact_id
            AND ended.withdrawn_at IS NOT NULL
            AND (
                ended.withdrawn_at < CAST('1990-01-01 00:00:00+00' AS timestamptz)
                OR NOT EXISTS (
                    SELECT 1
                    FROM proven
                    WHERE
                        proven.contact_id = person.contact_id
                        AND proven.since > ended.withdrawn_at
                        AND (proven.ended_at IS NULL OR NOT proven.ended_at < proven.since)
                )
            )
        ORDER BY ended.withdrawn_at ASC
        LIMIT 1
    ) AS start_consent_withdrawn,
    CAST(NULL AS timestamptz) AS evidence_at,
    (
        SELECT proven.since
        FROM proven
        WHERE proven.contact_id = person.contact_id AND proven.ended_at IS NULL
        ORDER BY proven.since DESC
        LIMIT 1
    ) AS proven_consent_at,
    (
        SELECT ended.withdrawn_at
        FROM public.marketing_consents AS ended
        WHERE ended.contact_id = person.contact_id AND ended.withdrawn_at IS NOT NULL
        ORDER BY ended.withdrawn_at DESC
        LIMIT 1
    ) AS last_withdrawn_at
FROM public.marketing_contacts AS person
