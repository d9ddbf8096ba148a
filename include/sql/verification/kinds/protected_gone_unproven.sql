-- Protected when last seen, and gone; whether lawfully nobody can look up: the customer's instruction would have gone before that,
-- or its restriction may have been lifted.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    CASE WHEN is_lift_unknown THEN 'restriction' END AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE must_not_vanish AND (is_request_unknown OR is_lift_unknown)
