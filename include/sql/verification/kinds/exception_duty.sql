-- Past its promised end, and lawfully kept by a statutory duty that it is flagged with.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    duty AS reason,
    duty_until AS ends_at
FROM {batch}
WHERE is_part AND has_duty AND promised_at < as_of
