-- Past its promised end, and kept by nothing but a hold or consents that may mean it: nobody can tell whose it is, or when it
-- arose. Of several rows that share an object, one party's consent may stand on one and the other's on another.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    form AS reason,
    coalesce(held_until, exempt_until) AS ends_at
FROM {batch}
WHERE
    is_part
    AND NOT is_surely_held
    AND NOT has_duty
    AND kept_by IS NULL
    AND NOT is_past_event
    AND CASE WHEN is_exempt THEN row_count > 1 ELSE is_held END
    AND promised_at < as_of
