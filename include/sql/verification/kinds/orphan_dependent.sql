-- Rows that belong to a row that is gone: whose they are nobody can tell any more.
SELECT
    place,
    category,
    CAST(entry_no AS text) || '/' || CAST(one AS text) AS unit,
    entry_no,
    start_at,
    note AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch},
    LATERAL generate_series(1, counted) AS s (one)
WHERE entry = 'orphans'
