-- Facts of transcripts, one row per transcript. Columns are fixed: docs/data-map.md.
-- A transcript waits for no recording: one that consent or a hold keeps must not keep the words, too. What says that a call was
-- transcribed are its transcriptions, which go with the call, after the recording.
SELECT
    t.transcript_id AS item_id,
    t.tenant_id,
    k.caller_id::text AS person_id,
    -- A transcript without its call could be anybody's; a call without a caller is nobody's.
    k.call_id IS NOT NULL AS person_known,
    t.created_at AS start_transcript_created,
    e.ended_at AS start_contract_ended,
    (
        -- The first request that came after it: a request covers all that there was by then, a call that was transcribed later, too.
        SELECT min(q.received_at)
        FROM public.deletion_requests AS q
        WHERE
            q.tenant_id = t.tenant_id
            AND q.scope = 'transcripts'
            AND q.received_at >= coalesce(
                least(CASE WHEN t.created_at <= now() THEN t.created_at END, k.started_at), '-infinity'
            )
    ) AS start_deletion_requested,
    k.started_at AS evidence_at,
    t.duty_paragraph,
    t.duty_until
FROM public.transcripts AS t
LEFT JOIN public.calls AS k ON t.call_id = k.call_id
LEFT JOIN (
    -- NULL while one is open. One that ended before it began is nonsense, and counts as open.
    SELECT
        c.tenant_id,
        CASE WHEN bool_and(coalesce(c.ended_at >= c.started_at, FALSE)) THEN max(c.ended_at) END AS ended_at
    FROM public.contracts AS c
    GROUP BY c.tenant_id
) AS e ON t.tenant_id = e.tenant_id
