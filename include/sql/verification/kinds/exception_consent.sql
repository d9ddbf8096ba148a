-- Past its promised end, and lawfully kept by the consent of all parties.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    form AS reason,
    exempt_until AS ends_at
FROM {batch}
WHERE
    is_part
    AND is_exempt
    AND row_count <= 1
    AND NOT is_surely_held
    AND NOT has_duty
    AND NOT is_past_event
    AND promised_at < as_of
