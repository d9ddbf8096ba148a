-- Holds without a second person's approval that cover something stored, and expired ones that something overdue relies on.
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
WHERE
    is_part
    AND (
        fault IN ('hold_unapproved', 'hold_self_approved')
        OR (fault IN ('hold_expired', 'hold_review_missed') AND (is_past_cap OR is_past_event))
    )
