-- Tables of a log that hang on nothing any more: no run that goes through the log sees them, and no writer misses them.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    note AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'partition' AND note IN ('detached', 'copy')
