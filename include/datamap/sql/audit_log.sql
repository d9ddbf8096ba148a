-- Facts of the application's audit log, one row per record. A record may be about anybody, and names nobody: every hold on a customer
-- or a person keeps it. Columns are fixed: docs/data-map.md.
SELECT
    a.event_id AS item_id,
    NULL::text AS tenant_id,
    NULL::text AS person_id,
    FALSE AS person_known,
    a.logged_at AS start_logged,
    a.stored_at AS evidence_at
FROM public.audit_log AS a
