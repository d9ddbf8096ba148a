-- Protected when last seen, and gone; the customer's instruction would have gone before that, and nobody can look whether there was
-- one.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    CAST(NULL AS text) AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE must_not_vanish AND is_request_unknown
