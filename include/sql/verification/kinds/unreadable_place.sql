-- A place that could not be read to its end. Copies elsewhere and replicas that lag have kinds of their own.
SELECT
    place,
    category,
    entry_no AS unit,
    entry_no,
    start_at,
    note AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'place' AND mapped AND note NOT IN ('Unattested', 'ReplicaLags')
