-- A place in which canaries were planted, and no new one by when it should have been.
SELECT
    place,
    category,
    place AS unit,
    entry_no,
    start_at,
    note AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'canary' AND note = 'canary_none_new'
