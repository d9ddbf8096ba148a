-- Read by a check of the last 30 days, and no longer in the map; nothing in it was protected.
SELECT
    place,
    category,
    entry_no AS unit,
    entry_no,
    start_at,
    CAST(NULL AS text) AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'place' AND NOT mapped
