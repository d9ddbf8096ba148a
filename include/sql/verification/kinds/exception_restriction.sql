-- Past its promised end, and kept, not to be used, because its processing is restricted (Art. 18).
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    CAST(NULL AS text) AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE is_part AND is_restricted AND NOT has_duty AND NOT is_surely_held AND NOT is_past_event AND promised_at < as_of
