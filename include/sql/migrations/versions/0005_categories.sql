-- Whom marketing must leave alone: keyed hashes of normalised identifiers, no more. An entry stays; a consent that is proven newer
-- lifts it where it is looked at.
CREATE TABLE retention.suppression_list (
    kind          text        NOT NULL CHECK (kind IN ('email', 'phone')),
    hash          bytea       NOT NULL CHECK (length(hash) = 32),
    key_id        text        NOT NULL,
    suppressed_at timestamptz NOT NULL,
    PRIMARY KEY (kind, hash)
);
CREATE INDEX ON retention.suppression_list (hash);

-- How old the records in a log file are, so that disposal reads each version once. Verification reads for itself.
CREATE TABLE retention.record_times (
    place     text        NOT NULL,
    part_hash bytea       NOT NULL,
    oldest    timestamptz,
    youngest  timestamptz,
    read_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (place, part_hash)
);
