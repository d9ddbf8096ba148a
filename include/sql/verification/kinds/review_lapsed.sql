-- Kept by a consent whose yearly review is overdue: it still exempts during its grace.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    CAST(NULL AS text) AS reason,
    exempt_until AS ends_at
FROM {batch}
WHERE is_part AND is_exempt AND NOT is_held AND NOT is_reviewed AND fell_due_at <= as_of
