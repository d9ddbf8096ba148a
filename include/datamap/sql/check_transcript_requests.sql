-- Which customers told us when to delete transcripts, with calls and callers. Verification asks `WHERE tenant_id = ANY (…)` around
-- it when something that a hold kept is gone: as the customer's processor we follow its word.
SELECT
    asked.tenant_id,
    CAST('deletion_requested' AS text) AS event,
    asked.received_at
FROM public.deletion_requests AS asked
WHERE asked.scope = 'transcripts'
