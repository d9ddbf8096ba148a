-- Copies that somebody else keeps, with an attestation that is older than a year.
SELECT
    place,
    category,
    entry_no AS unit,
    entry_no,
    start_at,
    CAST(NULL AS text) AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'external' AND note = 'attested_long_ago'
