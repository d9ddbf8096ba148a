-- Rows of a place stand alone in such a number that the listing is in doubt: a wrong, an empty or a half-read bucket looks like
-- that. Not one object, or more than twenty and more than a tenth.
SELECT
    place,
    category,
    min(entry_no) AS unit,
    min(entry_no) AS entry_no,
    min(start_at) AS start_at,
    CAST(NULL AS text) AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE mapped AND entry IN ('version', 'delete_marker', 'upload', 'row')
GROUP BY place, category
HAVING
    count(*) FILTER (WHERE entry = 'row' AND NOT is_arriving)
    > CASE
        WHEN bool_or(is_part) THEN greatest(20, count(DISTINCT item_hash) FILTER (WHERE row_count > 0) / 10)
        ELSE 0
    END
