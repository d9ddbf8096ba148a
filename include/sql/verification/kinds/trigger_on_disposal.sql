-- Triggers that run when rows of the place go, or are anonymised: what they do nobody here knows.
SELECT
    place,
    category,
    CAST(entry_no AS text) AS unit,
    entry_no,
    start_at,
    note AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'trigger'
