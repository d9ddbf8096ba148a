-- Facts of usage events, one row per event. They know a device, no person. Columns are fixed: docs/data-map.md.
SELECT
    u.event_id AS item_id,
    'self'::text AS tenant_id,
    NULL::text AS person_id,
    u.collected_at AS start_collected,
    u.stored_at AS evidence_at
FROM public.usage_events AS u
