-- A place whose database is a replica that is too far behind.
SELECT
    place,
    category,
    entry_no AS unit,
    entry_no,
    start_at,
    note AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'place' AND mapped AND note = 'ReplicaLags'
