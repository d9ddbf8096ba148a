-- Facts of the application's audit log, one row per record. Columns are fixed: docs/data-map.md.
SELECT
    a.event_id AS item_id,
    'self'::text AS tenant_id,
    NULL::text AS person_id,
    a.logged_at AS start_logged,
    a.stored_at AS evidence_at
FROM public.audit_log AS a
