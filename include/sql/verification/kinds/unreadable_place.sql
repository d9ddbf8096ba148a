-- A place that could not be read to its end.
SELECT
    place,
    category,
    entry_no AS unit,
    entry_no,
    start_at,
    note AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'place' AND mapped
