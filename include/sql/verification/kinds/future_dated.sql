-- Some date lies in the future.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    form AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE is_part AND is_future_dated
