-- It begins with records without a time that anybody reads. What was written last says nothing about what was written first.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    form AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE is_part AND note IS NOT DISTINCT FROM 'begins undated' AND NOT is_undated AND NOT is_past_cap AND NOT is_held
