-- A column that stays, looks personal, and is not declared.
SELECT
    place,
    category,
    entry_no AS unit,
    entry_no,
    start_at,
    note AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'column' AND NOT mapped
