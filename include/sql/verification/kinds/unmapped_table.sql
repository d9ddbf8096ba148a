-- A table, or something like it, that is neither mapped nor declared free of personal data.
SELECT
    place,
    category,
    entry_no AS unit,
    entry_no,
    start_at,
    note AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'table' AND NOT mapped
