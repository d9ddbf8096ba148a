-- What checks saw kept although no source says until when: restricted (Art. 18), or waiting for what has to go first. Once it is
-- kept no more, its promise counts from the last check that saw it so. `kept_since` is the first of these checks, with no end of the
-- time to delete in between; `kept_at` the last. An item that was late before (`was_late`) gains no time by being kept.
CREATE TABLE retention.kept_items (
    check_run_id uuid        NOT NULL REFERENCES retention.check_runs,
    place        text        NOT NULL,
    item_hash    bytea       NOT NULL,
    kept_by      text        CHECK (kept_by IN ('restriction', 'waits')),  -- NULL: no check ever saw it kept
    kept_since   timestamptz,
    kept_at      timestamptz,
    was_late     boolean     NOT NULL,
    PRIMARY KEY (check_run_id, place, item_hash),
    CHECK (num_nulls(kept_by, kept_since, kept_at) IN (0, 3))
);

-- Whose a protected item was, and when it arose: once its row is gone, nothing else says which of the customer's instructions mean it.
ALTER TABLE retention.protected_items ADD COLUMN tenant_id text;
ALTER TABLE retention.protected_items ADD COLUMN arose_at timestamptz;
