-- Which canaries were planted: invented items that must go, or stay, on time. Written by who plants them, read by verification.
-- Neither their ids nor keys stand here; both sides work them out from the canary's own id and the hash key.
CREATE TABLE retention.canaries (
    canary_id    uuid        PRIMARY KEY,
    place        text        NOT NULL,
    category     text        NOT NULL,
    item_hash    bytea       NOT NULL,
    hash_key_id  text        NOT NULL,
    is_held      boolean     NOT NULL,  -- a hold keeps it until `stays_until`
    planted_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    stays_until  timestamptz NOT NULL,  -- gone before: deleted too early
    gone_by      timestamptz NOT NULL,  -- still there after: the run that should have taken it didn't
    breach_at    timestamptz NOT NULL,  -- when a real item that fell due with it breaks the promise
    next_by      timestamptz NOT NULL,  -- no newer one in its place by then: nobody plants any more
    CHECK (stays_until < gone_by AND gone_by <= breach_at)
);
CREATE INDEX ON retention.canaries (place, planted_at);
