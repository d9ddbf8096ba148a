-- Nothing but a time in the future says that an event has come that would end the need. Not where something else has.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    ahead AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch},
    LATERAL unnest(events_ahead) AS s (ahead)
WHERE NOT is_past_cap AND NOT is_past_event
