-- Every file of a place in which something is protected, as a check saw it: the next one knows by it which file each is, whatever it
-- is called by then. Keyed hashes and sizes only.
CREATE TABLE retention.seen_files (
    check_run_id uuid    NOT NULL REFERENCES retention.check_runs,
    place        text    NOT NULL,
    item_hash    bytea   NOT NULL, -- its name
    part_hash    bytea   NOT NULL, -- the file, as checks call it from one to the next
    begins_hash  bytea   NOT NULL, -- its first bytes, unpacked
    begins_bytes integer NOT NULL CHECK (begins_bytes > 0), -- how many those were
    extent       bigint,           -- how many there were of it in all
    was_whole    boolean NOT NULL, -- a check could read all of it
    PRIMARY KEY (check_run_id, place, part_hash)
);

-- Some line of the file says no time: its record may be of any age.
ALTER TABLE retention.record_times ADD COLUMN has_undated boolean NOT NULL DEFAULT false;
