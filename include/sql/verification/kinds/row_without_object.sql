-- A row whose object has no version; one of the last two hours may still wait for it.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    CAST(NULL AS text) AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'row' AND mapped AND NOT is_arriving
