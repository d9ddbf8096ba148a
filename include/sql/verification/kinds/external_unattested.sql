-- Copies that somebody else keeps, without an attestation that nothing stays past its limit.
SELECT
    place,
    category,
    entry_no AS unit,
    entry_no,
    start_at,
    CAST(NULL AS text) AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'place' AND mapped AND note = 'Unattested'
