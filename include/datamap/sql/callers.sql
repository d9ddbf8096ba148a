-- Facts of callers, one row per person. A caller goes after the last call, and what a statute says of a transcript holds for whom
-- it is of. Columns are fixed: docs/data-map.md.
SELECT
    p.caller_id AS item_id,
    p.tenant_id,
    p.caller_id::text AS person_id,
    greatest(p.last_called_at, k.started_at) AS start_transcript_created,
    e.ended_at AS start_contract_ended,
    (
        -- Who called again after a request is not covered by it.
        SELECT min(q.received_at)
        FROM public.deletion_requests AS q
        WHERE
            q.tenant_id = p.tenant_id
            AND q.scope = 'transcripts'
            AND q.received_at >= coalesce(greatest(p.last_called_at, k.started_at), '-infinity')
    ) AS start_deletion_requested,
    NULL::timestamptz AS evidence_at,
    d.duty_paragraph,
    d.duty_until,
    k.started_at IS NOT NULL AS waits,
    (
        SELECT count(*)
        FROM public.calls AS c
        WHERE c.caller_id = p.caller_id
    ) AS waits_for_calls
FROM public.callers AS p
LEFT JOIN LATERAL (
    SELECT max(c.started_at) AS started_at
    FROM public.calls AS c
    WHERE c.caller_id = p.caller_id
) AS k ON TRUE
LEFT JOIN (
    -- NULL while one is open. One that ended before it began is nonsense, and counts as open.
    SELECT
        c.tenant_id,
        CASE WHEN bool_and(coalesce(c.ended_at >= c.started_at, FALSE)) THEN max(c.ended_at) END AS ended_at
    FROM public.contracts AS c
    GROUP BY c.tenant_id
) AS e ON p.tenant_id = e.tenant_id
LEFT JOIN LATERAL (
    SELECT
        t.duty_paragraph,
        t.duty_until
    FROM public.calls AS c
    INNER JOIN public.transcripts AS t ON c.call_id = t.call_id
    WHERE c.caller_id = p.caller_id AND t.duty_paragraph <> ''
    ORDER BY t.duty_until DESC NULLS FIRST, t.duty_paragraph ASC
    LIMIT 1
) AS d ON TRUE
