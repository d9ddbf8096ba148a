-- What verification saw and said. Written by the verifying role only; disposal has no right here.
CREATE TABLE retention.check_runs (
    check_run_id     uuid PRIMARY KEY,
    started_at       timestamptz NOT NULL,
    finished_at      timestamptz,
    as_of            timestamptz NOT NULL,
    -- A check of another instant answers a question about the past or the future; it proves nothing about now, and remembers
    -- nothing.
    is_proof         boolean     GENERATED ALWAYS AS (
        as_of - started_at BETWEEN interval '-5 minutes' AND interval '5 minutes'
    ) STORED,
    categories       text[]      NOT NULL,
    verdict          text        CHECK (verdict IN ('compliant', 'breach', 'unknown')),
    policy_version   text        NOT NULL,
    promises_digest  text        NOT NULL,
    map_digest       text        NOT NULL,
    inventory_digest text,
    ledger_seq       bigint,
    ledger_head      text,
    places_read      jsonb       NOT NULL DEFAULT '[]',
    places_failed    jsonb       NOT NULL DEFAULT '[]',
    summary          jsonb       NOT NULL DEFAULT '{}'
);
CREATE INDEX ON retention.check_runs (started_at DESC);

CREATE TABLE retention.findings (
    finding_id    text        NOT NULL,
    check_run_id  uuid        NOT NULL REFERENCES retention.check_runs,
    kind          text        NOT NULL,
    category      text        NOT NULL,
    place         text        NOT NULL,
    severity      text        NOT NULL CHECK (severity IN ('breach', 'exception', 'finding', 'unknown')),
    count         bigint      NOT NULL CHECK (count > 0),
    oldest_age_s  bigint,
    detail        jsonb       NOT NULL DEFAULT '{}',
    PRIMARY KEY (check_run_id, finding_id)
);

-- Which items were protected when last seen, so that the next check can tell whether one vanished. Keyed hashes and ids of
-- holds and consent records only. An item that vanished stays here, with `missing_since`, while what protected it is in
-- force: a loss must not look mended an hour later.
CREATE TABLE retention.protected_items (
    check_run_id  uuid   NOT NULL REFERENCES retention.check_runs,
    place         text   NOT NULL,
    item_hash     bytea  NOT NULL,
    part_hash     bytea  NOT NULL,  -- the version: a new one under the same key is no substitute
    hold_ids      uuid[] NOT NULL DEFAULT '{}',
    consent_ids   text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (check_run_id, place, part_hash)
);

-- One set of tables for each check while it runs: keyed hashes, instants, flags and ids of holds and consents, no key and no
-- name. The verifying role creates and drops them (it needs CREATE here); nothing in this schema outlives its check.
CREATE SCHEMA inventory;

CREATE TABLE retention.reports (
    report_id     uuid PRIMARY KEY,
    check_run_id  uuid        NOT NULL REFERENCES retention.check_runs,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    verdict       text        NOT NULL,
    document      jsonb       NOT NULL,
    html          text        NOT NULL
);
CREATE INDEX ON retention.reports (created_at DESC);
