-- Rows with an identifier that holds neither a valid address nor a valid number: by it nobody is found on the suppression list.
SELECT
    place,
    category,
    CAST(entry_no AS text) || '/' || CAST(one AS text) AS unit,
    entry_no,
    start_at,
    CAST(NULL AS text) AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch},
    LATERAL generate_series(1, counted) AS s (one)
WHERE entry = 'unreadable'
