-- Past its promised end, and kept, not to be used, because its processing is restricted (Art. 18), or was at the last check that saw
-- it so, from which on there is time to delete.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    CASE WHEN is_kept THEN 'in_force' ELSE 'time_to_delete' END AS reason,
    CASE WHEN NOT is_kept THEN kept_until END AS ends_at
FROM {batch}
WHERE is_part AND kept_by = 'restriction' AND NOT has_duty AND NOT is_surely_held AND NOT is_past_event AND promised_at < as_of
