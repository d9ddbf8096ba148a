-- A table, column, bucket or folder that a declaration names and that is not there.
SELECT
    place,
    category,
    entry_no AS unit,
    entry_no,
    start_at,
    note AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'named' AND NOT mapped
