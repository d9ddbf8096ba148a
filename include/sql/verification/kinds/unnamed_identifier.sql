-- Columns with addresses or numbers of people that the place's `identifiers` don't name.
SELECT
    place,
    category,
    CAST(entry_no AS text) AS unit,
    entry_no,
    start_at,
    note AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'unnamed'
