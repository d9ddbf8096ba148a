-- What verification must know of each usage event; one output row per event. Written apart from usage_events.sql.
SELECT
    event.collected_at AS start_collected,
    event.stored_at AS evidence_at,
    event.event_id AS item_id,
    CAST('self' AS text) AS tenant_id,
    CAST(NULL AS text) AS person_id
FROM public.usage_events AS event
