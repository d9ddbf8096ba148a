-- Whether the event that ends the need has happened is not known: no row names it, or the row doesn't say. Not past the cap, which
-- is a breach whatever happened, and not just stored: its row may be on the way.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    CASE WHEN row_count = 0 THEN 'no_row' ELSE 'row_is_silent' END AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE is_event_unknown AND NOT is_past_cap
