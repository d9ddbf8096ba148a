-- Objects of a mapped bucket under a prefix that is neither mapped nor declared free of personal data.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    form AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE NOT mapped AND entry IN ('version', 'delete_marker', 'upload')
