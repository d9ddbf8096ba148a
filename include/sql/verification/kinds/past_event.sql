-- Still there although an event that ends the need is further back than the promise allows. Transcription has a kind of its own.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    event AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch},
    LATERAL unnest(past_events) AS p (event)
WHERE event <> 'transcription_succeeded'
