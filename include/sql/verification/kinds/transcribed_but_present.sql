-- Still there although the event that ended the need is further back than the allowed latency.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    form AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE 'transcription_succeeded' = ANY(past_events)
