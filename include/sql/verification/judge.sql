-- Judges what was seen: one row per entry with its dates, its protections and its deadlines. The kinds of finding (kinds/*.sql)
-- are conditions on these columns, so that each is defined in one place, for Great Expectations and for our own counts.
-- Read from the promises alone; what the rules and disposal make of them is not known here.
CREATE UNLOGGED TABLE {judged} AS
-- Consents: in time, and until when. §7, §8: every party, the right scope, given and recorded before deletion fell due.
WITH consent AS (
    SELECT
        d.entry_no,
        cardinality(t.parties) AS parties_needed,
        d.as_of,
        c.consent_id,
        c.party,
        coalesce(c.scope = t.scope AND c.party = ANY(t.parties), FALSE) AS fits,
        coalesce(c.given_at < d.fell_due_at AND c.given_at <= d.as_of + interval '10 minutes', FALSE) AS given_in_time,
        coalesce(c.recorded_at < d.fell_due_at AND c.recorded_at <= d.as_of + interval '10 minutes', FALSE) AS recorded_in_time,
        -- A consent within the longest lead before a limit may have come too late for a job.
        greatest(c.given_at, c.recorded_at) < d.surely_due_at AS surely_in_time,
        base.withdrawn_at <= d.as_of AS withdrawn,
        c.ends_at <= d.as_of AS ended,
        c.contract_ended_at <= d.as_of AS contract_ended,
        base.reviewed_at + t.review_every + t.review_grace <= d.as_of AS lapsed,
        least(c.ends_at, base.withdrawn_at, c.contract_ended_at, base.reviewed_at + t.review_every) AS reviewed_until,
        least(
            c.ends_at, base.withdrawn_at, c.contract_ended_at, base.reviewed_at + t.review_every + t.review_grace
        ) AS valid_until
    FROM {dated} AS d
    INNER JOIN {terms} AS t ON d.category = t.category AND d.agreed = t.agreed
    INNER JOIN {consents} AS c ON d.place = c.place AND d.item_hash = c.item_hash
    CROSS JOIN LATERAL (
        SELECT
            greatest(c.given_at, CASE WHEN c.reviewed_at <= d.as_of THEN c.reviewed_at END) AS reviewed_at,
            -- A withdrawal ends all that the party had agreed to until then, whichever record it was written on.
            least(c.withdrawn_at, (
                SELECT min(w.withdrawn_at)
                FROM {consents} AS w
                WHERE
                    w.item_hash = c.item_hash
                    AND w.place = c.place
                    AND w.party = c.party
                    AND w.scope = c.scope
                    AND w.withdrawn_at >= c.given_at
            )) AS withdrawn_at
    ) AS base
    WHERE d.mapped
),

party AS (
    SELECT
        entry_no,
        parties_needed,
        party,
        max(valid_until) FILTER (WHERE fits AND given_in_time AND recorded_in_time) AS valid_until,
        max(reviewed_until) FILTER (WHERE fits AND given_in_time AND recorded_in_time) AS reviewed_until,
        max(valid_until) FILTER (WHERE fits AND surely_in_time AND given_in_time AND recorded_in_time) AS surely_until
    FROM consent
    WHERE fits
    GROUP BY entry_no, parties_needed, party
),

exemption AS (
    SELECT
        entry_no,
        CASE WHEN count(valid_until) = parties_needed THEN min(valid_until) END AS exempt_until,
        CASE WHEN count(valid_until) = parties_needed THEN min(reviewed_until) END AS reviewed_until,
        CASE WHEN count(surely_until) = parties_needed THEN min(surely_until) END AS surely_until,
        count(*) < parties_needed AS is_one_sided
    FROM party
    GROUP BY entry_no, parties_needed
),

consent_summary AS (
    SELECT
        entry_no,
        count(DISTINCT consent_id) AS consents_found,
        array_agg(DISTINCT consent_id) FILTER (
            WHERE fits AND given_in_time AND recorded_in_time AND valid_until > as_of
        ) AS consent_ids,
        array_remove(ARRAY[
            CASE WHEN NOT bool_or(fits) THEN 'consent_wrong_scope' END,
            CASE WHEN bool_or(fits AND NOT given_in_time) THEN 'consent_given_late' END,
            CASE WHEN bool_or(fits AND given_in_time AND NOT recorded_in_time) THEN 'consent_recorded_late' END,
            CASE WHEN bool_or(fits AND withdrawn) THEN 'consent_withdrawn' END,
            CASE WHEN bool_or(fits AND ended) THEN 'consent_ended' END,
            CASE WHEN bool_or(fits AND contract_ended) THEN 'contract_ended' END,
            CASE WHEN bool_or(fits AND lapsed) THEN 'consent_review_lapsed' END
        ], NULL) AS faults
    FROM consent
    GROUP BY entry_no
),

-- Holds: whether each holds now, did hold, or never held. A second person's approval and an end or review date are needed.
hold AS (
    SELECT
        d.entry_no,
        h.hold_id,
        h.effective_at,
        d.release_time,
        d.promised_at,
        d.kept_until,
        CASE WHEN d.has_duty THEN coalesce(d.duty_until, 'infinity') END AS duty_ends_at,
        -- A guessed start may lie in a hold's period, and may not; nor is a version that is older than its row surely meant.
        h.hold_id = ANY(d.sure_hold_ids)
        AND (
            num_nonnulls(h.started_from, h.started_before) = 0
            OR d.entry = 'vanished'
            OR (
                d.clock_is_good
                AND NOT d.is_older_than_row
                AND (NOT d.may_be_older OR coalesce(d.past_clock_at < h.started_before, TRUE))
            )
        ) AS is_sure,
        state.approved AND h.effective_at <= d.as_of AND d.as_of < state.until AS in_force,
        state.approved AND h.effective_at < state.until AND state.until <= d.as_of AS is_over,
        state.until,
        CASE
            WHEN h.ended_at <= d.as_of AND h.ended_at <= state.planned_end THEN 'hold_ended'
            WHEN state.until <= d.as_of AND h.ends_at IS NULL THEN 'hold_review_missed'
            WHEN state.until <= d.as_of THEN 'hold_expired'
            WHEN a.approval <> 'approved' THEN 'hold_' || a.approval
            WHEN h.effective_at > d.as_of THEN 'hold_not_yet_effective'
            WHEN h.ends_at >= '9000-01-01 00:00:00+00' AND h.ended_at IS NULL THEN 'hold_without_end'
        END AS fault
    FROM {dated} AS d
    CROSS JOIN LATERAL unnest(d.hold_ids) AS named (hold_id)
    INNER JOIN retention.holds AS h ON named.hold_id = h.hold_id
    INNER JOIN {approvals} AS a ON h.hold_id = a.hold_id
    CROSS JOIN LATERAL (
        SELECT
            a.approval = 'approved' AS approved,
            planned.planned_end,
            least(planned.planned_end, h.ended_at) AS until
        -- An end at infinity is none: the review date counts, and without one the hold goes on.
        FROM (SELECT coalesce(
            CASE WHEN h.ends_at < '9000-01-01 00:00:00+00' THEN h.ends_at END,
            least(h.review_at, '9000-01-01 00:00:00+00')
        ) AS planned_end) AS planned
    ) AS state
    WHERE
        -- A guessed start may lie in any hold's period, so it takes no item out of one. A good one is compared as the row says it; a
        -- file or partition is in every period that any of its records is in, or may be in.
        NOT d.clock_is_good
        OR d.is_older_than_row
        OR (
            (h.started_from IS NULL OR greatest(d.past_clock_at, d.reaches_to) >= h.started_from)
            AND (h.started_before IS NULL OR d.past_clock_at < h.started_before OR d.may_be_older)
        )
),

-- A hold extends an item's deadline only where it came before that had passed: what was overdue is no less so once a hold came
-- and went. So, from the promised end on, each must follow another, a duty, an exemption or what checks saw kept, within the time to
-- delete; and each must mean the item beyond doubt.
following AS (
    SELECT
        h.*,
        h.effective_at > greatest(
            h.promised_at,
            h.kept_until,
            h.duty_ends_at + h.release_time,
            x.exempt_until + h.release_time,
            max(h.until) OVER (
                PARTITION BY h.entry_no ORDER BY h.effective_at, h.hold_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) + h.release_time
        ) AS came_too_late
    FROM hold AS h
    LEFT JOIN exemption AS x ON h.entry_no = x.entry_no
    WHERE h.is_sure AND (h.in_force OR h.is_over)
),

extending AS (
    SELECT
        entry_no,
        hold_id,
        bool_or(came_too_late) OVER (PARTITION BY entry_no ORDER BY effective_at, hold_id) IS FALSE AS extends
    FROM following
),

hold_summary AS (
    SELECT
        entry_no,
        count(*) AS holds_found,
        max(until) FILTER (WHERE in_force) AS held_until,
        array_agg(hold_id ORDER BY hold_id) FILTER (WHERE in_force AND is_sure) AS sure_holds,
        max(until) FILTER (WHERE is_over AND extends) AS hold_over_at,
        max(until + CASE WHEN extends THEN release_time ELSE interval '0' END) FILTER (WHERE in_force) AS hold_deadline_at,
        array_agg(hold_id ORDER BY hold_id) FILTER (WHERE fault IS NOT NULL) AS bad_hold_ids,
        array_agg(fault ORDER BY hold_id) FILTER (WHERE fault IS NOT NULL) AS bad_hold_faults
    FROM hold
    LEFT JOIN extending USING (entry_no, hold_id)
    GROUP BY entry_no
)

SELECT
    d.entry_no,
    d.category,
    d.place,
    d.entry,
    CASE
        WHEN d.entry = 'version' AND NOT d.is_latest THEN 'noncurrent_version'
        WHEN d.entry = 'held' THEN 'partition'
        ELSE d.entry
    END AS form,
    d.mapped,
    d.is_part,
    d.is_latest,
    d.item_hash,
    d.part_hash,
    d.row_count,
    d.extent,
    d.extent_before,
    d.day,
    d.day_lacks,
    d.counted_to,
    d.is_unlisted,
    d.stored_at,
    d.missing_since,
    d.note,
    d.as_of,
    d.start_at,
    d.fell_due_at,
    d.counted,
    d.is_processor,
    d.duty,
    protection.held_until,
    protection.exempt_until,
    CASE WHEN protection.has_duty THEN d.duty_until END AS duty_until,
    protection.held_until IS NOT NULL AS is_held,
    protection.exempt_until IS NOT NULL AS is_exempt,
    protection.has_duty,
    d.tenant_id,
    d.oldest_evidence_at,
    -- What no source gives an end: kept now, or in the time to delete after the last check that saw it kept.
    d.kept_by IS NOT NULL AS tells_kept,
    d.is_kept,
    CASE
        WHEN d.is_kept THEN d.kept_by
        WHEN d.kept_until >= d.as_of THEN d.last_kept_by
    END AS kept_by,
    CASE WHEN d.is_kept THEN coalesce(d.first_kept_at, d.as_of) ELSE d.first_kept_at END AS kept_since,
    d.kept_until,
    d.is_recalled,
    d.last_kept_by,
    d.last_kept_at,
    d.was_late,
    d.release_time,
    h.sure_holds IS NOT NULL AS is_surely_held,
    stays.by_an_end_known OR stays.by_restriction AS must_not_vanish,
    -- Gone, and nothing but a restriction kept it: whether that had been lifted before nobody can tell.
    d.entry = 'vanished' AND stays.by_restriction AND NOT stays.by_an_end_known AS is_lift_unknown,
    -- Gone, and nothing but a hold or consents kept it that an instruction overrules; nobody can look whether there was one.
    coalesce(d.entry = 'vanished' AND d.note = 'requests_unknown', FALSE)
    AND NOT protection.has_duty
    AND (h.sure_holds IS NULL OR d.is_processor) AS is_request_unknown,
    coalesce(x.reviewed_until > d.as_of, FALSE) AS is_reviewed,
    coalesce(x.is_one_sided, FALSE) AS is_one_sided,
    -- Overdue by the cap, by an event that ended the need, by what was decided; after a protection's end there is time to delete.
    is_bare.yes AND coalesce(d.as_of > greatest(d.cap_ends_at, over.at), FALSE) AS is_past_cap,
    cardinality(past.events) > 0 AS is_past_event,
    past.events AS past_events,
    CASE WHEN is_bare.yes AND d.is_part THEN d.events_ahead ELSE '{{}}' END AS events_ahead,
    d.promised_at,
    least(
        greatest(
            least(d.cap_ends_at, d.event_ends_at, d.first_end_at),
            over.at,
            h.hold_deadline_at,
            protection.exempt_until + d.release_time,
            protection.duty_ends_at + d.release_time,
            kept.ends_at
        ),
        greatest(
            d.request_ends_at,
            over.at_if_requested,
            CASE WHEN NOT d.is_processor THEN h.hold_deadline_at END,
            protection.duty_ends_at + d.release_time,
            kept.ends_at
        )
    ) AS deadline_at,
    coalesce(d.row_count > 0 AND NOT d.clock_is_good, FALSE) AS is_fallback,
    CASE
        WHEN d.clock_at IS NULL THEN 'missing'
        WHEN d.clock_at < '1990-01-01 00:00:00+00' THEN 'implausible'
        WHEN d.clock_at > d.nearly_now THEN 'future'
        ELSE 'contradicted'
    END AS fallback_reason,
    -- LastModified alone is no age: a copy resets it. An upload's own start is one.
    d.is_undated,
    coalesce(
        greatest(d.clock_at, d.metadata_at, d.key_day - interval '24 hours', d.stored_at) > d.latest OR d.is_future,
        FALSE
    ) AS is_future_dated,
    -- Its object, or its row, may still be on the way.
    coalesce(least(d.past_clock_at, d.past_evidence_at) > d.seen_at - interval '2 hours', FALSE) AS is_arriving,
    -- "At once" can't be shown where nobody says whether the need ended: no row, or a row that is silent about it. Only a whole
    -- recording can have been transcribed: no marker, no unfinished upload.
    is_bare.yes
    AND d.latency IS NOT NULL
    AND d.entry IN ('version', 'record')
    AND CASE WHEN d.row_count > 0 THEN d.is_silent ELSE NOT d.is_new END AS is_event_unknown,
    coalesce(h.sure_holds, '{{}}') AS sure_hold_ids,
    coalesce(cs.consent_ids, '{{}}') AS consent_ids,
    coalesce(h.bad_hold_ids, '{{}}') AS bad_hold_ids,
    coalesce(h.bad_hold_faults, '{{}}') AS bad_hold_faults,
    coalesce(cs.faults, '{{}}') AS consent_faults,
    d.records_named > coalesce(h.holds_found, 0) + coalesce(cs.consents_found, 0) AS records_are_gone
FROM {dated} AS d
LEFT JOIN exemption AS x ON d.entry_no = x.entry_no
LEFT JOIN consent_summary AS cs ON d.entry_no = cs.entry_no
LEFT JOIN hold_summary AS h ON d.entry_no = h.entry_no
CROSS JOIN LATERAL (
    SELECT
        h.held_until,
        CASE WHEN x.exempt_until > d.as_of THEN x.exempt_until END AS exempt_until,
        coalesce(d.has_duty AND coalesce(d.duty_until > d.as_of, TRUE), FALSE) AS has_duty,
        CASE WHEN d.has_duty THEN coalesce(d.duty_until, 'infinity') END AS duty_ends_at
) AS protection
CROSS JOIN LATERAL (
    SELECT
        protection.has_duty
        OR (h.sure_holds IS NOT NULL AND NOT (d.is_requested AND d.is_processor))
        OR (coalesce(x.surely_until > d.as_of, FALSE) AND NOT d.is_requested) AS by_an_end_known,
        -- What was restricted and is gone is reported for 30 days: no source says how long it would have been restricted.
        d.is_kept
        AND d.kept_by = 'restriction'
        AND (d.entry <> 'vanished' OR coalesce(d.missing_since, d.as_of) > d.as_of - interval '30 days') AS by_restriction
) AS stays
CROSS JOIN LATERAL (
    SELECT
        h.hold_over_at AS hold_at,
        CASE WHEN x.exempt_until <= d.as_of THEN x.exempt_until END AS exemption_at,
        CASE WHEN protection.duty_ends_at <= d.as_of THEN protection.duty_ends_at END AS duty_at
) AS ended
CROSS JOIN LATERAL (
    -- At the earliest it is late when its keeping ends right after this check.
    SELECT greatest(d.kept_until, CASE WHEN d.is_kept THEN d.as_of END) AS ends_at
) AS kept
CROSS JOIN LATERAL (
    SELECT
        greatest(greatest(ended.hold_at, ended.exemption_at, ended.duty_at) + d.release_time, kept.ends_at) AS at,
        greatest(
            greatest(CASE WHEN NOT d.is_processor THEN ended.hold_at END, ended.duty_at) + d.release_time, kept.ends_at
        ) AS at_if_requested
) AS over
CROSS JOIN LATERAL (
    -- Duty, then hold, then restriction and what waits; what customer or person decided goes before a consent and, as processor, before a hold.
    SELECT
        d.is_part
        AND NOT protection.has_duty
        AND NOT d.is_kept
        AND protection.held_until IS NULL
        AND protection.exempt_until IS NULL AS yes,
        d.is_part
        AND NOT protection.has_duty
        AND NOT d.is_kept
        AND (protection.held_until IS NULL OR d.is_processor) AS if_requested
) AS is_bare
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN is_bare.yes AND coalesce(d.as_of > over.at, TRUE) THEN coalesce(d.past_events, '{{}}') ELSE '{{}}' END
        || CASE
            WHEN is_bare.if_requested AND coalesce(d.as_of > over.at_if_requested, TRUE) THEN coalesce(d.past_requests, '{{}}')
            ELSE '{{}}'
        END AS events
) AS past
