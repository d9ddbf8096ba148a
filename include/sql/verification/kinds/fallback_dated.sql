-- The row's date is missing, implausible, in the future or contradicted; the oldest other evidence counts.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    fallback_reason AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE is_part AND is_fallback
