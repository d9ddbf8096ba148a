-- Shorter limits that were agreed with a customer of whom there is nothing.
SELECT
    place,
    category,
    CAST(entry_no AS text) AS unit,
    entry_no,
    start_at,
    note AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'agreement'
