-- Rows that name no customer, or of which nobody can tell whose they are. Rows that need no look one by one are counted together.
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
WHERE entry IN ('record', 'rest') AND note IN ('no_tenant', 'no_person')
