-- Files under a mapped path that no place's patterns and no declared folder claims.
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
WHERE entry = 'stray'
