-- Rows that name a bucket or prefix that is no place of the data map.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    note AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'row' AND NOT mapped
