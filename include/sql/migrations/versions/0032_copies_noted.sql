-- When the last backup of this database and the last replay list were written, for whoever looks whether there are any. Not in the
-- ledger: an entry about a backup would come after it, and each restore would seem to have lost something.
CREATE TABLE retention.copies (
    kind    text PRIMARY KEY CHECK (kind IN ('backup', 'replay_list')),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    counted bigint      NOT NULL,
    made_by text        NOT NULL
);
