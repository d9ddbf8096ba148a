-- Past its promised end, and kept by nothing but a hold that may mean it: nobody can tell whose it is, or when it arose.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    form AS reason,
    held_until AS ends_at
FROM {batch}
WHERE is_part AND is_held AND NOT is_surely_held AND NOT is_exempt AND promised_at < as_of
