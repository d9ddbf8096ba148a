-- Dates what was seen: how old each entry is, and when its promised ends come. Judged from here on by judge.sql.
CREATE UNLOGGED TABLE {dated} AS
SELECT
    e.*,
    -- What is gone is judged by what protects it now: a protection may have ended, and disposal acted, since the check began.
    CASE WHEN e.entry = 'vanished' THEN greatest(t.as_of, t.seen_at) ELSE t.as_of END AS as_of,
    t.latency,
    t.release_time,
    t.longest_lead,
    t.seen_at,
    e.mapped AND e.entry IN ('version', 'delete_marker', 'upload') AS is_part,
    stated.clock_is_good,
    -- A version that is older than its row's good date by more than differing clocks explain.
    stated.clock_is_good AND coalesce(least(past.metadata_at, past.stored_at) < past.clock_at - interval '24 hours', FALSE)
        AS is_older_than_row,
    past.clock_at AS past_clock_at,
    past.evidence_at AS past_evidence_at,
    num_nonnulls(
        CASE WHEN stated.clock_is_good THEN past.clock_at END,
        past.evidence_at,
        past.key_day,
        past.metadata_at,
        CASE WHEN e.entry = 'upload' THEN past.stored_at END
    ) = 0 AS is_undated,
    coalesce(least(past.stored_at, past.metadata_at, past.key_day + interval '24 hours') > t.seen_at - t.latency, FALSE)
        AS is_new,
    horizon.latest,
    horizon.nearly_now,
    start.start_at,
    event.event_from,
    start.start_at + t.cap AS cap_ends_at,
    event.event_from + t.latency AS event_ends_at,
    least(start.start_at + t.cap, event.event_from + t.latency) AS promised_at,
    -- What vanished was judged when it was last seen: its consents were in time then.
    CASE WHEN e.entry = 'vanished' THEN 'infinity' ELSE least(event.event_from, start.start_at + t.cap) END AS fell_due_at
FROM {entries} AS e
INNER JOIN {terms} AS t ON e.category = t.category
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
        CASE WHEN e.stored_at >= '1990-01-01 00:00:00+00' THEN e.stored_at END AS stored_at,
        CASE WHEN e.event_at >= '1990-01-01 00:00:00+00' THEN e.event_at END AS event_at
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
CROSS JOIN LATERAL (
    -- An event that happened at no known time, or in the future, is dated by the oldest evidence: the strictest reading.
    SELECT
        CASE
            WHEN e.event_happened IS NOT TRUE OR t.latency IS NULL THEN NULL
            WHEN said.event_at <= horizon.nearly_now THEN said.event_at
            ELSE least(start.start_at, past.evidence_at, past.key_day)
        END AS event_from
) AS event
