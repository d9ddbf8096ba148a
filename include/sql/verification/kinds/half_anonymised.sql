-- A row of which some columns are anonymised and others not, at any age.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    CAST(NULL AS text) AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'half'
