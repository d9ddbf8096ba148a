-- It had withdrawn when a check saw it, disposal took it by its own record, and by some identifier it is not on the suppression list.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    CAST(NULL AS text) AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'unlisted' AND note = 'taken'
