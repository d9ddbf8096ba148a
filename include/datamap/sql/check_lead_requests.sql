-- Which customers told us when to delete their leads, as check_transcript_requests.sql.
SELECT
    told.tenant_id,
    CAST('instruction_received' AS text) AS event,
    told.received_at
FROM public.deletion_requests AS told
WHERE told.scope = 'leads'
