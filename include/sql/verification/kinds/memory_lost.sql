-- Protected at an earlier check, and not to be looked for by this one.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    note AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'remembered'
