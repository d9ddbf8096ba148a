-- Nothing says how old it is but the time of the last write, which a copy resets.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    form AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE is_part AND is_undated AND NOT is_past_cap
