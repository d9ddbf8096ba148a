-- What verification must know of each transcript; one output row per transcript. Written apart from transcripts.sql.
SELECT
    script.transcript_id AS item_id,
    script.tenant_id,
    -- The company is its own customer, without a contract.
    script.tenant_id = 'self'
    OR EXISTS (SELECT 1 FROM public.contracts AS deal WHERE deal.tenant_id = script.tenant_id) AS tenant_known,
    call.caller_id::text AS person_id,
    call.call_id IS NOT NULL AS person_known,
    script.created_at AS start_transcript_created,
    (
        -- The end of the last contract, unless one is open (or says that it ended before it began).
        SELECT deal.ended_at
        FROM public.contracts AS deal
        WHERE
            deal.tenant_id = script.tenant_id
            AND NOT EXISTS (
                SELECT 1
                FROM public.contracts AS running
                WHERE
                    running.tenant_id = script.tenant_id
                    AND (running.ended_at IS NULL OR running.ended_at < running.started_at)
            )
        ORDER BY deal.ended_at DESC
        LIMIT 1
    ) AS start_contract_ended,
    (
        -- The customer's earliest request after the call or the transcript; any, where neither has a date. One in the future is none.
        SELECT asked.received_at
        FROM public.deletion_requests AS asked
        WHERE
            asked.tenant_id = script.tenant_id
            AND asked.scope = 'transcripts'
            AND (
                coalesce(asked.received_at >= call.started_at, FALSE)
                OR coalesce(asked.received_at >= script.created_at, FALSE)
                OR (call.started_at IS NULL AND coalesce(script.created_at > now(), TRUE))
            )
        ORDER BY asked.received_at ASC
        LIMIT 1
    ) AS start_deletion_requested,
    call.started_at AS evidence_at,
    script.duty_paragraph,
    script.duty_until
FROM public.transcripts AS script
LEFT JOIN public.calls AS call ON script.call_id = call.call_id
