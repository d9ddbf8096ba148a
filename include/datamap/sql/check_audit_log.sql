-- What verification must know of each record of the audit log; one output row per record. Whose records they are, nobody knows. Written
-- apart from audit_log.sql.
SELECT
    record.logged_at AS start_logged,
    record.stored_at AS evidence_at,
    record.event_id AS item_id,
    CAST(NULL AS text) AS tenant_id,
    CAST(NULL AS text) AS person_id,
    FALSE AS person_known
FROM public.audit_log AS record
