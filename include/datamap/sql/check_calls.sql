-- What verification must know of each call; one output row per call. Written apart from calls.sql.
-- A call is there for its recording and its transcript, and waits for them; where one of these is late, that is said of it. A request
-- means call and transcript at once, so that a call whose transcript was asked for waits for it no more, and has the time of the
-- request. A transcript's duty is the call's.
WITH duties AS NOT MATERIALIZED (
    SELECT
        script.call_id,
        script.duty_paragraph,
        script.duty_until,
        row_number() OVER (
            PARTITION BY script.call_id
            ORDER BY coalesce(script.duty_until, 'infinity') DESC, script.duty_paragraph ASC
        ) AS place
    FROM public.transcripts AS script
    WHERE length(script.duty_paragraph) > 0
)

SELECT
    call.call_id AS item_id,
    call.tenant_id,
    -- The company is its own customer, without a contract.
    call.tenant_id = 'self'
    OR EXISTS (SELECT 1 FROM public.contracts AS deal WHERE deal.tenant_id = call.tenant_id) AS tenant_known,
    call.caller_id::text AS person_id,
    call.started_at AS start_transcript_created,
    CASE WHEN needed.by_recording OR NOT needed.by_transcript OR request.received_at IS NULL THEN (
        SELECT deal.ended_at
        FROM public.contracts AS deal
        WHERE
            deal.tenant_id = call.tenant_id
            AND NOT EXISTS (
                SELECT 1
                FROM public.contracts AS running
                WHERE
                    running.tenant_id = call.tenant_id
                    AND (running.ended_at IS NULL OR running.ended_at < running.started_at)
            )
        ORDER BY deal.ended_at DESC
        LIMIT 1
    ) END AS start_contract_ended,
    request.received_at AS start_deletion_requested,
    NULL::timestamptz AS evidence_at,
    duty.duty_paragraph,
    duty.duty_until,
    needed.by_recording OR (needed.by_transcript AND request.received_at IS NULL) AS waits
FROM public.calls AS call
CROSS JOIN LATERAL (
    SELECT
        call.call_id IN (SELECT rec.call_id FROM public.recordings AS rec WHERE rec.call_id = call.call_id) AS by_recording,
        call.call_id IN (SELECT script.call_id FROM public.transcripts AS script WHERE script.call_id = call.call_id)
            AS by_transcript
) AS needed
LEFT JOIN LATERAL (
    SELECT asked.received_at
    FROM public.deletion_requests AS asked
    WHERE asked.tenant_id = call.tenant_id AND asked.scope = 'transcripts' AND NOT asked.received_at < call.started_at
    ORDER BY asked.received_at ASC
    LIMIT 1
) AS request ON TRUE
LEFT JOIN duties AS duty ON call.call_id = duty.call_id AND duty.place = 1
