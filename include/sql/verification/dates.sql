-- Dates what was seen: how old each entry is, and when its promised ends come. Judged from here on by judge.sql.
CREATE UNLOGGED TABLE {dated} AS
WITH started AS (
    SELECT
        e.*,
        -- What is gone is judged by what protects it now: a protection may have ended, and disposal acted, since the check began.
        CASE WHEN e.entry = 'vanished' THEN greatest(t.as_of, t.seen_at) ELSE t.as_of END AS as_of,
        t.cap,
        t.latency,
        t.release_time,
        t.longest_lead,
        t.seen_at,
        e.mapped AND e.entry IN ('version', 'delete_marker', 'upload', 'record', 'partition', 'file') AS is_part,
        t.duties AND e.duty <> '' AS has_duty,
        coalesce(e.kept_by <> 'nothing', FALSE) AS is_kept,
        m.item_hash IS NOT NULL AS is_recalled,
        m.kept_by AS last_kept_by,
        m.kept_at AS last_kept_at,
        m.kept_since AS first_kept_at,
        coalesce(m.was_late, FALSE) AS was_late,
        stated.clock_is_good,
        -- A version that is older than its row's good date by more than differing clocks explain.
        stated.clock_is_good
        AND coalesce(least(past.metadata_at, past.stored_at) < past.clock_at - interval '24 hours', FALSE) AS is_older_than_row,
        past.clock_at AS past_clock_at,
        past.evidence_at AS past_evidence_at,
        num_nonnulls(
            CASE WHEN stated.clock_is_good THEN past.clock_at END,
            past.evidence_at,
            past.key_day,
            past.metadata_at,
            CASE WHEN e.entry = 'upload' THEN past.stored_at END
        ) = 0 AS is_dateless,
        coalesce(least(past.stored_at, past.metadata_at, past.key_day + interval '24 hours') > t.seen_at - t.latency, FALSE)
            AS is_new,
        horizon.latest,
        horizon.nearly_now,
        start.start_at,
        least(start.start_at, past.evidence_at, past.key_day) AS oldest_evidence_at
    FROM {entries} AS e
    INNER JOIN {terms} AS t ON e.category = t.category AND e.agreed = t.agreed
    LEFT JOIN {kept} AS m ON e.place = m.place AND e.item_hash = m.item_hash AND e.entry = 'record'
    -- A date in the future proves no age. Rows are given ten minutes, for clocks that differ; stores and keys an hour, for time
    -- zones, too.
    CROSS JOIN LATERAL (
        SELECT t.seen_at + interval '10 minutes' AS nearly_now, t.seen_at + interval '1 hour' AS latest
    ) AS horizon
    -- Nor does one before 1990: 1970, 1980 and 1900 are what programs write where they know no date.
    CROSS JOIN LATERAL (
        SELECT
            CASE WHEN e.clock_at >= '1990-01-01 00:00:00+00' THEN e.clock_at END AS clock_at,
            CASE WHEN e.evidence_at >= '1990-01-01 00:00:00+00' THEN e.evidence_at END AS evidence_at,
            CASE WHEN e.key_day >= '1990-01-01 00:00:00+00' THEN e.key_day END AS key_day,
            CASE WHEN e.metadata_at >= '1990-01-01 00:00:00+00' THEN e.metadata_at END AS metadata_at,
            CASE WHEN e.stored_at >= '1990-01-01 00:00:00+00' THEN e.stored_at END AS stored_at
    ) AS said
    CROSS JOIN LATERAL (
        SELECT
            CASE WHEN said.clock_at <= horizon.nearly_now THEN said.clock_at END AS clock_at,
            CASE WHEN said.evidence_at <= horizon.latest THEN said.evidence_at END AS evidence_at,
            CASE WHEN said.key_day - interval '24 hours' <= horizon.latest THEN said.key_day END AS key_day,
            CASE WHEN said.metadata_at <= horizon.latest THEN said.metadata_at END AS metadata_at,
            CASE WHEN said.stored_at <= horizon.latest THEN said.stored_at END AS stored_at
    ) AS past
    CROSS JOIN LATERAL (
        -- The row's date counts unless it is missing or implausible, lies in the future, or is later than other evidence by more than a day.
        SELECT
            past.clock_at IS NOT NULL
            AND past.clock_at <= coalesce(least(past.evidence_at, past.key_day) + interval '24 hours', 'infinity')
                AS clock_is_good
    ) AS stated
    CROSS JOIN LATERAL (
        -- Otherwise the oldest evidence. A version that is older than its row (metadata, the store's word) is as old as that.
        -- Where every date lies in the future, the first of them stands in; such an entry counts as undated.
        SELECT
            coalesce(
                CASE
                    WHEN stated.clock_is_good THEN least(past.clock_at, past.metadata_at, past.stored_at)
                    ELSE least(past.clock_at, past.evidence_at, past.key_day, past.metadata_at, past.stored_at)
                END,
                least(said.clock_at, said.evidence_at, said.key_day, said.metadata_at, said.stored_at)
            ) AS start_at
    ) AS start
),

event AS (
    SELECT
        s.entry_no,
        min(came.at + p.ends_after) FILTER (WHERE NOT p.on_request) AS ends_at,
        min(came.at + p.ends_after) FILTER (WHERE p.on_request) AS request_ends_at,
        min(came.at + p.due_after) AS due_at,
        min(came.at + p.due_after) FILTER (WHERE p.on_request) AS request_due_at,
        min(came.at + greatest(p.due_after - s.longest_lead, interval '0')) AS surely_due_at,
        array_agg(p.event) FILTER (WHERE NOT p.on_request AND came.at + p.ends_after < s.as_of) AS past_events,
        array_agg(p.event) FILTER (WHERE p.on_request AND came.at + p.ends_after < s.as_of) AS past_requests,
        bool_or(v.happened IS NULL AND coalesce(v.at <= s.seen_at, TRUE)) AS is_silent,
        array_agg(p.event) FILTER (WHERE v.happened IS NULL AND v.at > s.seen_at) AS events_ahead,
        bool_or(v.happened AND NOT p.may_lie_ahead AND v.at > s.latest) AS is_future,
        bool_or(v.happened AND NOT own.is_a_date) AS is_dateless
    FROM started AS s
    INNER JOIN {events} AS v ON s.entry_no = v.entry_no
    INNER JOIN {promised} AS p ON s.category = p.category AND s.agreed = p.agreed AND v.position = p.position
    CROSS JOIN LATERAL (
        -- One that may lie ahead comes when it is dated.
        SELECT coalesce(v.at >= '1990-01-01 00:00:00+00' AND (v.at <= s.nearly_now OR p.may_lie_ahead), FALSE) AS is_a_date
    ) AS own
    CROSS JOIN LATERAL (
        -- An event that happened at no known time, or in the future, is dated by the oldest evidence: the strictest reading.
        SELECT CASE WHEN NOT coalesce(v.happened, FALSE) THEN NULL WHEN own.is_a_date THEN v.at ELSE s.oldest_evidence_at END AS at
    ) AS came
    GROUP BY s.entry_no
)

SELECT
    s.*,
    -- What is kept now, or was at the last check, has time to delete from then on; not what was late before.
    CASE WHEN NOT s.was_late THEN CASE WHEN s.is_kept THEN s.as_of ELSE s.last_kept_at END + s.release_time END AS kept_until,
    -- Where age ends nothing, only an event without a date of its own needs the item's.
    s.is_dateless AND (s.cap IS NOT NULL OR coalesce(event.is_dateless, FALSE)) AS is_undated,
    -- Promised ends: by age, by the events, and by what customer or person decided, which neither consent nor, as processor, a
    -- hold puts off. What never ends, ends at infinity.
    coalesce(s.start_at + s.cap, 'infinity') AS cap_ends_at,
    coalesce(event.ends_at, 'infinity') AS event_ends_at,
    coalesce(event.request_ends_at, 'infinity') AS request_ends_at,
    coalesce(least(s.start_at + s.cap, event.ends_at, event.request_ends_at, s.first_end_at), 'infinity') AS promised_at,
    event.past_events,
    event.past_requests,
    coalesce(event.request_due_at <= s.as_of, FALSE) AS is_requested,
    coalesce(event.is_silent, FALSE) AS is_silent,
    coalesce(event.events_ahead, '{{}}') AS events_ahead,
    coalesce(event.is_future, FALSE) AS is_future,
    -- What vanished was judged when it was last seen: its consents were in time then.
    CASE
        WHEN s.entry = 'vanished' THEN 'infinity'
        ELSE coalesce(least(event.due_at, s.start_at + s.cap), 'infinity')
    END AS fell_due_at,
    -- Jobs act before a limit, at a lead that is not known here: up to then a consent has surely come in time.
    coalesce(least(event.surely_due_at, s.start_at + s.cap - s.longest_lead), 'infinity') AS surely_due_at
FROM started AS s
LEFT JOIN event ON s.entry_no = event.entry_no
