-- Holds that cover something stored, and whose end no day is: written past `hold add`, and seen by nobody again.
SELECT
    place,
    category,
    hold_id AS unit,
    entry_no,
    start_at,
    fault AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch},
    LATERAL unnest(bad_hold_ids, bad_hold_faults) AS f (hold_id, fault)
WHERE is_part AND fault = 'hold_without_end'
