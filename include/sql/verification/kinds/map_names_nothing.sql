-- A table or a column that a place names and the database doesn't have.
SELECT
    place,
    category,
    entry_no AS unit,
    entry_no,
    start_at,
    note AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'named' AND mapped
