-- Facts of customers' leads, one row per lead. Columns are fixed: docs/data-map.md.
SELECT
    l.lead_id AS item_id,
    l.tenant_id,
    l.lead_id::text AS person_id,
    l.created_at AS start_lead_created,
    e.ended_at AS start_contract_ended,
    (
        -- An instruction covers the leads that there were when it came; a date of the lead in the future is none.
        SELECT min(q.received_at)
        FROM public.deletion_requests AS q
        WHERE
            q.tenant_id = l.tenant_id
            AND q.scope = 'leads'
            AND (q.received_at >= l.created_at OR l.created_at > now())
    ) AS start_instruction_received,
    NULL::timestamptz AS evidence_at
FROM public.crm_leads AS l
LEFT JOIN (
    -- NULL while one is open. One that ended before it began is nonsense, and counts as open.
    SELECT
        c.tenant_id,
        CASE WHEN bool_and(coalesce(c.ended_at >= c.started_at, FALSE)) THEN max(c.ended_at) END AS ended_at
    FROM public.contracts AS c
    GROUP BY c.tenant_id
) AS e ON l.tenant_id = e.tenant_id
