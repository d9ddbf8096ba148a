-- Overdue, although somebody meant to keep it: a consent that does not suffice, or a hold that holds nothing. Says which.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    fault AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch},
    LATERAL unnest(
        consent_faults
        || bad_hold_faults
        || CASE WHEN is_one_sided THEN ARRAY['consent_one_sided'] ELSE ARRAY[]::text[] END
        || CASE WHEN is_past_event AND (is_held OR is_exempt) THEN ARRAY['request_goes_first'] ELSE ARRAY[]::text[] END
    ) AS f (fault)
WHERE is_past_cap OR is_past_event
