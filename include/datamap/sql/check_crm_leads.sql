-- What verification must know of each lead; one output row per lead. Written apart from crm_leads.sql.
SELECT
    lead.lead_id AS item_id,
    lead.tenant_id,
    EXISTS (SELECT 1 FROM public.contracts AS deal WHERE deal.tenant_id = lead.tenant_id) AS tenant_known,
    lead.lead_id::text AS person_id,
    lead.created_at AS start_lead_created,
    (
        SELECT deal.ended_at
        FROM public.contracts AS deal
        WHERE
            deal.tenant_id = lead.tenant_id
            AND NOT EXISTS (
                SELECT 1
                FROM public.contracts AS running
                WHERE
                    running.tenant_id = lead.tenant_id
                    AND (running.ended_at IS NULL OR running.ended_at < running.started_at)
            )
        ORDER BY deal.ended_at DESC
        LIMIT 1
    ) AS start_contract_ended,
    (
        -- The customer's earliest instruction that was not there before the lead.
        SELECT told.received_at
        FROM public.deletion_requests AS told
        WHERE
            told.tenant_id = lead.tenant_id
            AND told.scope = 'leads'
            AND NOT (told.received_at < lead.created_at AND lead.created_at <= now())
        ORDER BY told.received_at ASC
        LIMIT 1
    ) AS start_instruction_received,
    NULL::timestamptz AS evidence_at
FROM public.crm_leads AS lead
