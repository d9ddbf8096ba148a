-- What verification must know of each caller; one output row per person. Written apart from callers.sql.
-- A caller whom a call still names is there for that call, as the call is for its recording and transcript (check_calls.sql).
SELECT
    person.caller_id AS item_id,
    person.tenant_id,
    -- The company is its own customer, without a contract.
    person.tenant_id = 'self'
    OR EXISTS (SELECT 1 FROM public.contracts AS deal WHERE deal.tenant_id = person.tenant_id) AS tenant_known,
    person.caller_id::text AS person_id,
    coalesce(
        (
            SELECT call.started_at
            FROM public.calls AS call
            WHERE call.caller_id = person.caller_id AND coalesce(call.started_at > person.last_called_at, TRUE)
            ORDER BY call.started_at DESC
            LIMIT 1
        ),
        person.last_called_at
    ) AS start_transcript_created,
    CASE WHEN named.in_recording OR NOT named.still OR request.received_at IS NULL THEN (
        SELECT deal.ended_at
        FROM public.contracts AS deal
        WHERE
            deal.tenant_id = person.tenant_id
            AND NOT EXISTS (
                SELECT 1
                FROM public.contracts AS running
                WHERE
                    running.tenant_id = person.tenant_id
                    AND (running.ended_at IS NULL OR running.ended_at < running.started_at)
            )
        ORDER BY deal.ended_at DESC
        LIMIT 1
    ) END AS start_contract_ended,
    request.received_at AS start_deletion_requested,
    NULL::timestamptz AS evidence_at,
    duty.duty_paragraph,
    duty.duty_until,
    named.in_recording OR (named.still AND request.received_at IS NULL) AS waits
FROM public.callers AS person
CROSS JOIN LATERAL (
    SELECT
        EXISTS (SELECT 1 FROM public.calls AS call WHERE call.caller_id = person.caller_id) AS still,
        EXISTS (
            SELECT 1
            FROM public.recordings AS rec
            WHERE rec.call_id IN (SELECT call.call_id FROM public.calls AS call WHERE call.caller_id = person.caller_id)
        ) AS in_recording
) AS named
LEFT JOIN LATERAL (
    SELECT asked.received_at
    FROM public.deletion_requests AS asked
    WHERE
        asked.tenant_id = person.tenant_id
        AND asked.scope = 'transcripts'
        AND coalesce(NOT asked.received_at < person.last_called_at, TRUE)
        AND NOT EXISTS (
            SELECT 1
            FROM public.calls AS call
            WHERE call.caller_id = person.caller_id AND call.started_at > asked.received_at
        )
    ORDER BY asked.received_at ASC
    LIMIT 1
) AS request ON TRUE
LEFT JOIN LATERAL (
    SELECT
        script.duty_paragraph,
        script.duty_until
    FROM public.transcripts AS script
    WHERE
        length(script.duty_paragraph) > 0
        AND script.call_id IN (SELECT call.call_id FROM public.calls AS call WHERE call.caller_id = person.caller_id)
    ORDER BY coalesce(script.duty_until, 'infinity') DESC, script.duty_paragraph ASC
    LIMIT 1
) AS duty ON TRUE
