-- Rows whose person withdrew and of which nobody says when: since when we have known, by the row's keyed hash. An entry of the
-- suppression list that was dated anew in each run would reach past every consent that is proven meanwhile.
CREATE TABLE retention.undated_withdrawals (
    place         text        NOT NULL,
    item_hash     bytea       NOT NULL CHECK (length(item_hash) = 32),
    first_seen_at timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    PRIMARY KEY (place, item_hash)
);
