-- Past its promised end, and lawfully kept by a legal hold that means it beyond doubt.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    form AS reason,
    held_until AS ends_at
FROM {batch}
WHERE is_part AND is_surely_held AND NOT has_duty AND NOT is_past_event AND promised_at < as_of
