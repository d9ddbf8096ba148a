-- The sample company's own tables (database `company`): what any company with voice agents might have.
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
    email       text,
    last_called_at timestamptz
);
CREATE INDEX IF NOT EXISTS callers_tenant_id ON callers (tenant_id);
ALTER TABLE callers ADD COLUMN IF NOT EXISTS last_called_at timestamptz; -- for tables made before there was one

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

-- What becomes of a call. Some of these have no foreign keys, as things are: their rows can be left behind.
CREATE TABLE IF NOT EXISTS transcripts (
    transcript_id  uuid PRIMARY KEY,
    call_id        uuid,
    tenant_id      text,
    created_at     timestamptz,
    language       text NOT NULL,
    body           text NOT NULL,
    duty_paragraph text,
    duty_until     timestamptz
);
CREATE INDEX IF NOT EXISTS transcripts_call_id ON transcripts (call_id);
CREATE INDEX IF NOT EXISTS transcripts_tenant_id ON transcripts (tenant_id, transcript_id);

CREATE TABLE IF NOT EXISTS transcript_segments (
    segment_id    uuid PRIMARY KEY,
    transcript_id uuid    NOT NULL,
    position      integer NOT NULL,
    speaker       text    NOT NULL CHECK (speaker IN ('agent', 'caller')),
    body          text    NOT NULL
);
CREATE INDEX IF NOT EXISTS transcript_segments_transcript_id ON transcript_segments (transcript_id);

CREATE TABLE IF NOT EXISTS transcript_embeddings (
    embedding_id uuid PRIMARY KEY,
    segment_id   uuid   NOT NULL REFERENCES transcript_segments,
    model        text   NOT NULL,
    vector       real[] NOT NULL
);
CREATE INDEX IF NOT EXISTS transcript_embeddings_segment_id ON transcript_embeddings (segment_id);

CREATE TABLE IF NOT EXISTS transcript_summaries (
    summary_id    uuid PRIMARY KEY,
    transcript_id uuid NOT NULL REFERENCES transcripts,
    body          text NOT NULL
);
CREATE INDEX IF NOT EXISTS transcript_summaries_transcript_id ON transcript_summaries (transcript_id);

-- What people at the customer asked the assistant about a conversation, and its answers.
CREATE TABLE IF NOT EXISTS chat_messages (
    message_id    uuid PRIMARY KEY,
    transcript_id uuid        NOT NULL,
    sent_at       timestamptz NOT NULL,
    author        text        NOT NULL CHECK (author IN ('user', 'assistant')),
    body          text        NOT NULL
);
CREATE INDEX IF NOT EXISTS chat_messages_transcript_id ON chat_messages (transcript_id);

-- What a customer told us to delete: all that there was when the request came.
CREATE TABLE IF NOT EXISTS deletion_requests (
    request_id  uuid PRIMARY KEY,
    tenant_id   text        NOT NULL REFERENCES tenants,
    received_at timestamptz NOT NULL,
    scope       text        NOT NULL CHECK (scope IN ('transcripts', 'leads'))
);
CREATE INDEX IF NOT EXISTS deletion_requests_tenant_id ON deletion_requests (tenant_id, scope, received_at);

CREATE TABLE IF NOT EXISTS crm_leads (
    lead_id    bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    tenant_id  text        NOT NULL REFERENCES tenants,
    name       text,
    phone      text,
    email      text,
    note       text,
    created_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS crm_leads_tenant_id ON crm_leads (tenant_id, lead_id);

CREATE TABLE IF NOT EXISTS marketing_contacts (
    contact_id uuid PRIMARY KEY,
    email      text,
    phone      text,
    name       text,
    source     text        NOT NULL,
    created_at timestamptz NOT NULL
);

-- The proof of a consent outlives its contact, so that there is no foreign key.
CREATE TABLE IF NOT EXISTS marketing_consents (
    consent_id      uuid PRIMARY KEY,
    contact_id      uuid        NOT NULL,
    channel         text        NOT NULL CHECK (channel IN ('email', 'phone')),
    given_at        timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL,
    proof_reference text,
    withdrawn_at    timestamptz
);
CREATE INDEX IF NOT EXISTS marketing_consents_contact_id ON marketing_consents (contact_id);

CREATE TABLE IF NOT EXISTS usage_events (
    event_id     bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    collected_at timestamptz,
    stored_at    timestamptz NOT NULL DEFAULT now(),
    ip_address   text,
    user_agent   text,
    device_id    text,
    page         text        NOT NULL
);
CREATE INDEX IF NOT EXISTS usage_events_collected_at ON usage_events (collected_at, event_id);

CREATE TABLE IF NOT EXISTS audit_log (
    event_id  bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    logged_at timestamptz,
    stored_at timestamptz NOT NULL DEFAULT now(),
    message   text        NOT NULL
);
CREATE INDEX IF NOT EXISTS audit_log_logged_at ON audit_log (logged_at, event_id);

-- Partitioned by the day since nine days ago, by the week before. It has a schema of its own, in which the role that owns it
-- (include/sql/roles/source.sql) may create partitions. No default partition: with one, none could be detached concurrently.
CREATE SCHEMA IF NOT EXISTS logs;

CREATE TABLE IF NOT EXISTS logs.request_log (
    request_id bigint      NOT NULL,
    logged_at  timestamptz NOT NULL,
    stored_at  timestamptz NOT NULL DEFAULT now(),
    method     text        NOT NULL,
    path       text        NOT NULL,
    status     smallint    NOT NULL,
    client_ip  text,
    user_agent text,
    PRIMARY KEY (logged_at, request_id)
) PARTITION BY RANGE (logged_at);

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

-- Which row of another table, log object or log file shows which case; `item_id` as the data map's SQL returns it, or a key.
CREATE TABLE IF NOT EXISTS sample.records (
    seed      bigint  NOT NULL,
    case_name text    NOT NULL REFERENCES sample.cases,
    item_no   integer NOT NULL,
    place     text    NOT NULL,
    tenant_id text,
    item_id   text    NOT NULL,
    PRIMARY KEY (seed, case_name, item_no)
);
