-- Consents that may exempt a recording, one row per recording and consent. A customer's consent ends with its contracts.
SELECT
    r.recording_id::text AS item_id,
    r.bucket,
    r.object_key,
    c.party,
    c.scope,
    c.given_at,
    c.recorded_at,
    c.withdrawn_at,
    c.reviewed_at,
    least(c.ends_at, e.ended_at) AS ends_at
FROM public.recordings AS r
INNER JOIN public.consents AS c
    ON
        r.tenant_id = c.tenant_id
        AND (r.call_id = c.call_id OR (c.call_id IS NULL AND c.party = 'customer'))
LEFT JOIN LATERAL (
    -- The end of the last contract, once all have ended. Where none is known, none is known to have ended: the consent goes on,
    -- and its yearly review ends it at the latest.
    SELECT CASE WHEN count(*) = count(k.ended_at) THEN max(k.ended_at) END AS ended_at
    FROM public.contracts AS k
    WHERE k.tenant_id = r.tenant_id
) AS e ON TRUE
