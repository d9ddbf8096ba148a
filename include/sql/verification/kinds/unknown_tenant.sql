-- Rows that name a customer of whom the source knows no contract.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    CAST(NULL AS text) AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'record' AND note = 'unknown_tenant'
