-- Its person withdrew longer ago than the promise allows for deletion; lawfully kept, and not on the suppression list since then.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    CAST(NULL AS text) AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE is_unlisted AND NOT is_past_event
