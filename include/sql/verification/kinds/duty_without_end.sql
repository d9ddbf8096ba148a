-- Flagged with a statutory duty of which nobody said when it ends: it keeps the item for ever.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    duty AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE is_part AND has_duty AND duty_until IS NULL
