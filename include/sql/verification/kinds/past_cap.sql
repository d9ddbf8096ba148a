-- Any version, marker or upload that is older than the cap, by the oldest evidence, and that nothing protects.
SELECT
    place,
    category,
    item_hash AS unit,
    entry_no,
    start_at,
    form AS reason,
    CAST(NULL AS timestamptz) AS ends_at
FROM {batch}
WHERE is_past_cap
