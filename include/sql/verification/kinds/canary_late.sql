-- A canary that the run which should have taken it left: nothing keeps it, nor put its end off. `ends_at`: when a real item that fell
-- due with it breaks the promise.
WITH seen AS NOT MATERIALIZED (SELECT * FROM {batch})

SELECT
    canary.place,
    canary.category,
    canary.item_hash AS unit,
    canary.entry_no,
    canary.start_at,
    canary.note AS reason,
    canary.promised_at AS ends_at
FROM seen AS canary
WHERE
    canary.entry = 'canary'
    AND canary.note IN ('canary_late', 'canary_late_after_hold', 'canary_late_after_consent')
    -- One that was looked for by itself says what covers it; others are items.
    AND NOT (canary.is_held OR canary.deadline_at > canary.promised_at)
    AND NOT EXISTS (
        SELECT 1
        FROM seen AS item
        WHERE
            item.place = canary.place
            AND item.item_hash = canary.item_hash
            AND item.is_part
            AND (
                item.is_held OR item.is_exempt OR item.has_duty OR item.is_kept
                -- A hold that was not the canary's own, as one on a whole category, has ended lately.
                OR (canary.note = 'canary_late' AND item.deadline_at > item.promised_at)
            )
    )
