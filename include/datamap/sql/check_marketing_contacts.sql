-- What verification must know of each contact; one output row per contact. Written apart from marketing_contacts.sql.
WITH proven AS NOT MATERIALIZED (
    -- Consents that name their proof and stand, by the earlier of both dates.
    SELECT
        given.contact_id,
        CASE WHEN given.recorded_at < given.given_at THEN given.recorded_at ELSE given.given_at END AS since
    FROM public.marketing_consents AS given
    WHERE given.withdrawn_at IS NULL AND length(given.proof_reference) > 0
)

SELECT
    person.contact_id AS item_id,
    CAST('self' AS text) AS tenant_id,
    CAST(person.contact_id AS text) AS person_id,
    person.created_at AS start_contact_created,
    (
        SELECT ended.withdrawn_at
        FROM public.marketing_consents AS ended
        WHERE
            ended.contact_id = person.contact_id
            AND ended.withdrawn_at IS NOT NULL
            AND NOT EXISTS (
                SELECT 1
                FROM proven
                WHERE proven.contact_id = person.contact_id AND proven.since > ended.withdrawn_at
            )
        ORDER BY ended.withdrawn_at ASC
        LIMIT 1
    ) AS start_consent_withdrawn,
    CAST(NULL AS timestamptz) AS evidence_at,
    (
        SELECT proven.since
        FROM proven
        WHERE proven.contact_id = person.contact_id
        ORDER BY proven.since DESC
        LIMIT 1
    ) AS proven_consent_at
FROM public.marketing_contacts AS person
