-- Consents that may exempt a recording, one row per recording and consent. A customer's consent ends with its contracts.
-- Two joins instead of one with OR: each has an index, and stays quick where PostgreSQL has no statistics yet.
SELECT
    g.item_id,
    g.bucket,
    g.object_key,
    g.party,
    g.scope,
    g.given_at,
    g.recorded_at,
    g.withdrawn_at,
    g.reviewed_at,
    least(g.ends_at, e.ended_at) AS ends_at
FROM (
    SELECT
        r.recording_id::text AS item_id,
        r.bucket,
        r.object_key,
        c.*
    FROM public.recordings AS r
    INNER JOIN public.consents AS c ON r.call_id = c.call_id AND r.tenant_id = c.tenant_id
    UNION ALL
    -- The customer's consent to all its calls. A caller's consent counts for its own call only.
    SELECT
        r.recording_id::text AS item_id,
        r.bucket,
        r.object_key,
        c.*
    FROM public.recordings AS r
    INNER JOIN public.consents AS c ON r.tenant_id = c.tenant_id AND c.call_id IS NULL AND c.party = 'customer'
) AS g
LEFT JOIN LATERAL (
    -- The end of the last contract, once all have ended. Where none is known, none is known to have ended: the consent goes on,
    -- and its yearly review ends it at the latest.
    SELECT CASE WHEN count(*) = count(k.ended_at) THEN max(k.ended_at) END AS ended_at
    FROM public.contracts AS k
    WHERE k.tenant_id = g.tenant_id
) AS e ON TRUE
