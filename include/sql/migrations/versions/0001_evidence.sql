-- Our own database: plans, holds, modes, ledger, check results. No name, number or address of a person belongs here;
-- item ids and object keys live in plan_items only, and only as long as their plan.
CREATE SCHEMA IF NOT EXISTS retention;

-- Modes and the global stop are histories: the newest row counts, and nobody can rewrite who said what.
CREATE TABLE retention.mode_changes (
    change_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category    text        NOT NULL,
    mode        text        NOT NULL CHECK (mode IN ('off', 'observe', 'enforce')),
    changed_by  text        NOT NULL CHECK (changed_by <> ''),
    changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason      text        NOT NULL CHECK (reason <> '')
);

CREATE TABLE retention.stop_changes (
    change_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stopped     boolean     NOT NULL,
    changed_by  text        NOT NULL CHECK (changed_by <> ''),
    changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason      text        NOT NULL CHECK (reason <> '')
);

-- A hold's scope is the conjunction of its filled columns; a hold without any would hold everything, so it is refused.
CREATE TABLE retention.holds (
    hold_id        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    category       text,
    tenant_id      text,
    person_id      text,
    place          text,
    item_id        text,
    started_from   timestamptz,
    started_before timestamptz,
    reason         text        NOT NULL CHECK (reason <> ''),
    requested_by   text        NOT NULL CHECK (requested_by <> ''),
    approved_by    text,
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    effective_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    ends_at        timestamptz,
    review_at      timestamptz,
    ended_at       timestamptz,
    ended_by       text,
    CHECK (num_nonnulls(category, tenant_id, person_id, item_id, started_from, started_before) > 0),
    CHECK ((item_id IS NULL) = (place IS NULL)),
    CHECK (num_nonnulls(ends_at, review_at) > 0)
);

-- Batches take this lock shared while they re-read holds and delete. Whoever sets a hold, by whatever way, takes it alone:
-- so the hold either comes first and saves the item, or comes after and can be told what had already gone.
CREATE FUNCTION retention.hold_waits_for_batches() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7301, 2);
    RETURN NULL;
END $$;
CREATE TRIGGER hold_waits_for_batches BEFORE INSERT OR UPDATE OR DELETE ON retention.holds
    FOR EACH STATEMENT EXECUTE FUNCTION retention.hold_waits_for_batches();

CREATE TABLE retention.plans (
    plan_id          uuid PRIMARY KEY,
    run_id           text        NOT NULL,
    category         text        NOT NULL,
    coverage         text        NOT NULL CHECK (coverage IN ('rows', 'listing')),
    as_of            timestamptz NOT NULL,
    planned_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at       timestamptz NOT NULL,
    requested_by     text        NOT NULL,
    mode             text        NOT NULL,
    state            text        NOT NULL CHECK (state IN ('planning', 'ready', 'executing', 'done', 'abandoned')),
    digest           text,
    due              bigint,
    considered       bigint,
    kept_by_reason   jsonb       NOT NULL DEFAULT '{}',
    undated          bigint,
    fallback         bigint,
    stored_before    jsonb       NOT NULL DEFAULT '{}',
    blocked_reason   text,
    breaches_at      timestamptz,
    next_due_at      timestamptz,
    rule_sentence    text        NOT NULL,
    rule_digest      text        NOT NULL,
    map_digest       text        NOT NULL,
    policy_version   text        NOT NULL,
    result           jsonb,
    UNIQUE (run_id, category)
);
CREATE INDEX ON retention.plans (category, planned_at DESC);

CREATE TABLE retention.plan_items (
    plan_id      uuid        NOT NULL REFERENCES retention.plans ON DELETE CASCADE,
    batch_no     integer     NOT NULL,
    place        text        NOT NULL,
    item_id      text        NOT NULL,
    object_key   text,
    part_id      text,
    tenant_id    text,
    person_id    text,
    arose_at     timestamptz,
    evidence_at  timestamptz,
    basis        text        NOT NULL,
    reason       text        NOT NULL,
    due_at       timestamptz NOT NULL,
    deadline_at  timestamptz NOT NULL,
    state        text        NOT NULL DEFAULT 'planned'
                 CHECK (state IN ('planned', 'intended', 'gone', 'gone_confirmed_on_recovery', 'spared', 'failed')),
    outcome      text,
    PRIMARY KEY (plan_id, place, item_id)
);
CREATE INDEX ON retention.plan_items (plan_id, batch_no);

-- What went, for later questions ("was it already gone when the hold came?"), as keyed hashes only.
CREATE TABLE retention.disposed_items (
    plan_id     uuid        NOT NULL,
    batch_no    integer     NOT NULL,
    place       text        NOT NULL,
    item_hash   bytea       NOT NULL,
    key_hash    bytea,
    key_id      text        NOT NULL,
    category    text        NOT NULL,
    tenant_id   text,
    person_hash bytea,
    arose_at    timestamptz,
    outcome     text        NOT NULL CHECK (outcome IN ('gone', 'gone_confirmed_on_recovery')),
    trigger_at  timestamptz NOT NULL,
    gone_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (plan_id, place, item_hash)
);
CREATE INDEX ON retention.disposed_items (item_hash);
CREATE INDEX ON retention.disposed_items (key_hash);
CREATE INDEX ON retention.disposed_items (person_hash);
CREATE INDEX ON retention.disposed_items (tenant_id);
CREATE INDEX ON retention.disposed_items (category, gone_at);

CREATE TABLE retention.approvals (
    approval_id  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plan_id      uuid        NOT NULL REFERENCES retention.plans,
    digest       text        NOT NULL,
    approved_by  text        NOT NULL CHECK (approved_by <> ''),
    approved_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason       text        NOT NULL CHECK (reason <> ''),
    UNIQUE (plan_id, digest, approved_by)
);

-- The ledger: append-only and hash-chained. `body` is canonical JSON, kept as text so that its bytes stay what was hashed.
CREATE TABLE retention.ledger (
    seq        bigint      PRIMARY KEY CHECK (seq > 0),
    at         timestamptz NOT NULL,
    kind       text        NOT NULL,
    body       text        NOT NULL,
    prev_hash  bytea       NOT NULL CHECK (length(prev_hash) = 32),
    hash       bytea       NOT NULL CHECK (length(hash) = 32)
);

CREATE FUNCTION retention.ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'retention.ledger is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON retention.ledger
    FOR EACH STATEMENT EXECUTE FUNCTION retention.ledger_is_append_only();

-- The bytes that are hashed: prev_hash, then "seq\nat\nkind\nbody" in UTF-8, `at` in UTC with microseconds.
-- `retention.evidence.ledger` computes the same in Python when it verifies.
CREATE FUNCTION retention.ledger_hash(seq bigint, at timestamptz, kind text, body text, prev_hash bytea) RETURNS bytea
    LANGUAGE sql STABLE AS $$
    SELECT sha256(prev_hash || convert_to(
        seq::text || E'\n' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || E'\n' || kind || E'\n' || body,
        'UTF8'))
$$;

-- The only way in. Writers queue on one advisory lock until their transaction ends, so that the chain never forks.
CREATE FUNCTION retention.ledger_append(entry_kind text, entry_body text)
    RETURNS TABLE (entry_seq bigint, entry_hash bytea)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    last retention.ledger%ROWTYPE;
    next_seq bigint;
    next_at timestamptz;
    next_hash bytea;
BEGIN
    PERFORM pg_advisory_xact_lock(7301, 1);
    SELECT * INTO last FROM retention.ledger ORDER BY seq DESC LIMIT 1;
    IF NOT FOUND THEN
        last.seq := 0;
        last.hash := decode(repeat('00', 32), 'hex');
    END IF;
    next_seq := last.seq + 1;
    next_at := clock_timestamp();
    next_hash := retention.ledger_hash(next_seq, next_at, entry_kind, entry_body, last.hash);
    INSERT INTO retention.ledger (seq, at, kind, body, prev_hash, hash)
        VALUES (next_seq, next_at, entry_kind, entry_body, last.hash, next_hash);
    RETURN QUERY SELECT next_seq, next_hash;
END $$;
