-- An object, marker or upload without a row, not past the cap (then it is a breach).
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    form AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE is_part AND entry IN ('version', 'delete_marker', 'upload') AND row_count = 0 AND NOT is_past_cap
