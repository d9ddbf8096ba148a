-- What checks learnt of object versions by asking for each: their own `recorded-at`, which no version can change. So a check asks for
-- those alone that none before has asked for.
CREATE TABLE retention.version_dates (
    place       text  NOT NULL,
    part_hash   bytea NOT NULL,  -- keyed hash of key and version id
    recorded_at timestamptz,     -- NULL: the version says none
    PRIMARY KEY (place, part_hash)
);
