-- The place's check SQL makes an instant of a time without a zone: it counts as UTC.
SELECT
    place,
    category,
    CAST(entry_no AS text) AS unit,
    entry_no,
    start_at,
    note AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'zoneless'
