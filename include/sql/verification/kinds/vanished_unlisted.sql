-- The same of one that somebody else took, by all that disposal has written down.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    CAST(NULL AS text) AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'unlisted' AND note = 'taken_by_others'
