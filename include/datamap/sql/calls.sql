-- Facts of calls, one row per call. A call goes after its recording and its transcript, and what a statute says of the transcript
-- holds for the call. Columns are fixed: docs/data-map.md.
SELECT
    k.call_id AS item_id,
    k.tenant_id,
    k.caller_id::text AS person_id,
    k.started_at AS start_transcript_created,
    e.ended_at AS start_contract_ended,
    (
        SELECT min(q.received_at)
        FROM public.deletion_requests AS q
        WHERE q.tenant_id = k.tenant_id AND q.scope = 'transcripts' AND q.received_at >= k.started_at
    ) AS start_deletion_requested,
    NULL::timestamptz AS evidence_at,
    d.duty_paragraph,
    d.duty_until,
    EXISTS (
        SELECT 1
        FROM public.recordings AS r
        WHERE r.call_id = k.call_id
    )
    OR EXISTS (
        SELECT 1
        FROM public.transcripts AS t
        WHERE t.call_id = k.call_id
    ) AS waits,
    (
        SELECT count(*)
        FROM public.recordings AS r
        WHERE r.call_id = k.call_id
    ) AS waits_for_call_recordings,
    (
        SELECT count(*)
        FROM public.transcripts AS t
        WHERE t.call_id = k.call_id
    ) AS waits_for_transcripts
FROM public.calls AS k
LEFT JOIN (
    -- NULL while one is open. One that ended before it began is nonsense, and counts as open.
    SELECT
        c.tenant_id,
        CASE WHEN bool_and(coalesce(c.ended_at >= c.started_at, FALSE)) THEN max(c.ended_at) END AS ended_at
    FROM public.contracts AS c
    GROUP BY c.tenant_id
) AS e ON k.tenant_id = e.tenant_id
LEFT JOIN LATERAL (
    SELECT
        t.duty_paragraph,
        t.duty_until
    FROM public.transcripts AS t
    WHERE t.call_id = k.call_id AND t.duty_paragraph <> ''
    ORDER BY t.duty_until DESC NULLS FIRST, t.duty_paragraph ASC
    LIMIT 1
) AS d ON TRUE
