-- A bucket that the connection sees and that is neither mapped nor declared free of personal data.
SELECT
    place,
    category,
    entry_no AS unit,
    entry_no,
    start_at,
    CAST(NULL AS text) AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'bucket' AND NOT mapped
