-- Held or exempt, and no version is left: the row stands alone, or it was there when last checked. A row of the last two hours
-- may still wait for its object.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    CASE WHEN entry = 'row' THEN 'row_stands_alone' ELSE 'was_there_before' END AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE
    must_not_vanish
    AND NOT is_request_unknown
    AND NOT is_lift_unknown
    AND mapped
    AND (entry = 'vanished' OR (entry = 'row' AND NOT is_arriving))
