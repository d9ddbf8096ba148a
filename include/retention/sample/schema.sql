-- The sample company's own tables (database `company`, schema public): what any company with voice agents might have.
-- Safe to run again: everything is created only where it is missing.
CREATE TABLE IF NOT EXISTS tenants (
    tenant_id   text PRIMARY KEY,
    name        text        NOT NULL,
    is_self     boolean     NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL
);

CREATE TABLE IF NOT EXISTS contracts (
    contract_id uuid PRIMARY KEY,
    tenant_id   text        NOT NULL REFERENCES tenants,
    started_at  timestamptz NOT NULL,
    ended_at    timestamptz
);
CREATE INDEX IF NOT EXISTS contracts_tenant_id ON contracts (tenant_id);

CREATE TABLE IF NOT EXISTS callers (
    caller_id   uuid PRIMARY KEY,
    tenant_id   text NOT NULL REFERENCES tenants,
    name        text,
    phone       text,
    email       text
);
CREATE INDEX IF NOT EXISTS callers_tenant_id ON callers (tenant_id);

CREATE TABLE IF NOT EXISTS calls (
    call_id     uuid PRIMARY KEY,
    tenant_id   text        NOT NULL REFERENCES tenants,
    caller_id   uuid        REFERENCES callers,
    started_at  timestamptz NOT NULL,
    ended_at    timestamptz
);
CREATE INDEX IF NOT EXISTS calls_tenant_id ON calls (tenant_id);
CREATE INDEX IF NOT EXISTS calls_caller_id ON calls (caller_id);
CREATE INDEX IF NOT EXISTS calls_started_at ON calls (started_at, call_id);

CREATE TABLE IF NOT EXISTS transcriptions (
    transcription_id uuid PRIMARY KEY,
    call_id      uuid        NOT NULL REFERENCES calls,
    status       text        NOT NULL CHECK (status IN ('pending', 'running', 'succeeded', 'failed')),
    requested_at timestamptz NOT NULL,
    finished_at  timestamptz
);
CREATE INDEX IF NOT EXISTS transcriptions_call_id ON transcriptions (call_id);
CREATE INDEX IF NOT EXISTS transcriptions_succeeded ON transcriptions (call_id, finished_at) WHERE status = 'succeeded';

CREATE TABLE IF NOT EXISTS recordings (
    recording_id uuid PRIMARY KEY,
    call_id      uuid        REFERENCES calls,
    tenant_id    text        REFERENCES tenants,
    bucket       text        NOT NULL,
    object_key   text        NOT NULL,
    recorded_at  timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    duration_s   numeric,
    size_bytes   bigint,
    UNIQUE (bucket, object_key)
);
CREATE INDEX IF NOT EXISTS recordings_call_id ON recordings (call_id);
CREATE INDEX IF NOT EXISTS recordings_tenant_id ON recordings (tenant_id);
CREATE INDEX IF NOT EXISTS recordings_recorded_at ON recordings (recorded_at, recording_id);

CREATE TABLE IF NOT EXISTS consents (
    consent_id   uuid PRIMARY KEY,
    tenant_id    text        NOT NULL REFERENCES tenants,
    call_id      uuid        REFERENCES calls,
    party        text        NOT NULL CHECK (party IN ('caller', 'customer')),
    scope        text        NOT NULL CHECK (scope IN ('archiving', 'ai_training', 'marketing')),
    given_at     timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    ends_at      timestamptz,
    withdrawn_at timestamptz,
    reviewed_at  timestamptz
);
CREATE INDEX IF NOT EXISTS consents_call_id ON consents (call_id);
CREATE INDEX IF NOT EXISTS consents_tenant_id ON consents (tenant_id);

-- What the loader itself remembers; no part of the invented company, so it has its own schema.
CREATE SCHEMA IF NOT EXISTS sample;

-- `as_of` is what every time in a load is relative to: a load that was interrupted goes on with its own, not with a new one.
CREATE TABLE IF NOT EXISTS sample.loads (
    seed           bigint      NOT NULL,
    calls          integer     NOT NULL,
    first_call     integer     NOT NULL,
    as_of          timestamptz NOT NULL,
    rows_loaded_at timestamptz,
    loaded_at      timestamptz,
    PRIMARY KEY (seed, calls)
);

CREATE TABLE IF NOT EXISTS sample.cases (
    case_name   text PRIMARY KEY,
    meaning     text    NOT NULL,
    expected    text    NOT NULL,
    fallback    boolean NOT NULL
);

-- Which recording or object shows which case. `recording_id` is null where there is no row by design.
CREATE TABLE IF NOT EXISTS sample.items (
    seed         bigint NOT NULL,
    case_name    text   NOT NULL REFERENCES sample.cases,
    item_no      integer NOT NULL,
    tenant_id    text   NOT NULL,
    recording_id uuid,
    object_key   text   NOT NULL,
    PRIMARY KEY (seed, case_name, item_no)
);
