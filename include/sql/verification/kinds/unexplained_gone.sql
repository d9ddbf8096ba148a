-- Protected when last seen; gone, and so are the hold or the consents that protected it. Reported for 30 days.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    CAST(NULL AS text) AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE entry = 'vanished' AND NOT must_not_vanish AND records_are_gone
    AND coalesce(missing_since, as_of) > as_of - interval '30 days'
