-- Kept past its promised end, by a restriction or because it waits, for more than 90 days: nobody says until when.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    kept_by AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE is_part AND kept_by IS NOT NULL AND promised_at < as_of AND kept_since < as_of - interval '90 days'
