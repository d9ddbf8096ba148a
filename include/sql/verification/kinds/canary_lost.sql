-- A canary that had to stay and is gone: under its hold, or before it was due.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    note AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'canary' AND note IN ('canary_held_and_gone', 'canary_consented_and_gone', 'canary_gone_early')
