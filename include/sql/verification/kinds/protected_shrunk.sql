-- Held, exempt, restricted or under a duty, still there, and less of it than a check saw under the same protection.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    form AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE must_not_vanish AND NOT is_request_unknown AND extent < extent_before
