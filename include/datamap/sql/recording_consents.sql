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
    -- The first end of a contract, from when the consent was given, that no other contract outlasts or follows within a day; a
    -- later contract does not bring the consent back. Given when all had ended, it had ended with the last. Where no contract is
    -- known, none is known to have ended: the consent goes on, and its yearly review ends it at the latest.
    SELECT
        min(k.ended_at) FILTER (
            WHERE k.next_started_at IS NULL
            OR (k.next_started_at > k.ended_at + interval '24 hours' AND k.ended_at >= g.given_at)
        ) AS ended_at
    FROM (
        SELECT
            c.ended_at,
            -- Of all contracts that end later, or have no end: when the first began.
            min(c.started_at) OVER (
                ORDER BY c.ended_at ASC NULLS LAST GROUPS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
            ) AS next_started_at
        FROM public.contracts AS c
        WHERE c.tenant_id = g.tenant_id
    ) AS k
) AS e ON TRUE
