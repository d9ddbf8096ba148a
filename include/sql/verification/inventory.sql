-- The tables of one check. Keyed hashes, instants, flags and ids of holds, consents and customers only: no key, no name, no path. What is
-- not mapped is named as its source's catalog does: buckets, tables, columns.

-- What was seen, one row each:
--   version, delete_marker, upload   in a bucket (mapped = false: under no prefix of the data map)
--   record, partition, file          a table's row, a table's partition, a file of records; of files and log objects `note` says
--                                    where nobody can tell how old the first record is
--   held                             what a hold covers of one of a log's tables on one day: its oldest record and how many
--   rest                             rows that need no look one by one: how many, the oldest's date, the first promised end
--   row                              a row of a source without any object (mapped = false: it names no place of the map)
--   half                             a row of which some columns are anonymised and others not; it may be a record, too
--   orphans                          rows of a dependent table whose own row is gone: how many; `note` names the table
--   unseen                           rows of a table that the place's check SQL leaves out: how many
--   unreadable                       rows with an identifier that holds neither an address nor a number: how many
--   zoneless                         times without a zone that the place's check SQL makes instants of; `note` names the SQL
--   trigger                          a trigger that runs when the place's rows go; `note` names it
--   hidden                           a table that the check can't look into; `note` says why
--   unnamed                          a column with people's addresses or numbers that `identifiers` don't name; `note` says why
--   agreement                        shorter limits of a customer of whom there is nothing
--   external                         copies that somebody else keeps; `note` says what is wrong with the attestation
--   vanished                         protected when last seen, and gone now; `note` says where nobody can look for an instruction
--   remembered                       protected when last seen, and not to be looked for now; `note` says why
--   unlisted                         withdrew, was there at the last check, has gone, and is not on the suppression list; `note` says
--                                    whether disposal took it
--   canary                           a canary that is late, lost, or has no successor; `note` says which
--   bucket                           a bucket that the connection sees (mapped = false: neither mapped nor declared)
--   table                            a table that a connection sees (mapped = false: neither mapped nor declared; `note` says what it is)
--   column                           a column that looks personal and is not declared; `note` names it and says why
--   stray                            files that no place and no declaration claims: how many
--   named                            what the map names and isn't there, by a place or (mapped = false) a declaration; `note` says what
--   declaration                      a declaration to be looked at again; `note` says why
--   place                            a place that could not be read; `note` says how the store put it (mapped = false: it left the map)
CREATE UNLOGGED TABLE {entries} (
    entry_no       bigint  NOT NULL,
    category       text    NOT NULL,
    place          text    NOT NULL,
    entry          text    NOT NULL CHECK (entry IN (
        'version', 'delete_marker', 'upload', 'record', 'partition', 'file', 'held', 'rest', 'row', 'half', 'orphans', 'unseen', 'external',
        'unreadable', 'zoneless', 'trigger', 'hidden', 'unnamed', 'agreement',
        'vanished', 'remembered', 'unlisted', 'canary', 'bucket', 'table', 'column', 'stray', 'named', 'declaration', 'place'
    )),
    mapped         boolean NOT NULL,
    agreed         integer NOT NULL DEFAULT 0,      -- which customer's shorter limits apply; 0: what everybody was promised
    is_processor   boolean NOT NULL DEFAULT false,  -- of the place: the data are a customer's, whose word goes before our holds
    counted        bigint  NOT NULL DEFAULT 1,      -- how many things this entry stands for
    item_hash      bytea,
    -- Of a version: its key, its id and, where an id can be written again, its ETag; of a file: what checks call it, from one to the
    -- next; of others the item's.
    part_hash      bytea,
    is_latest      boolean NOT NULL DEFAULT true,
    stored_at      timestamptz,  -- LastModified or Initiated: the store's own word
    metadata_at    timestamptz,  -- the object's own `recorded-at`
    key_day        timestamptz,  -- midnight (UTC) of the day in the key
    row_count      integer NOT NULL DEFAULT 0,  -- rows that describe it; 1 of what describes itself (a record, a file of records)
    clock_at       timestamptz,  -- the event that every item has, as the row says
    evidence_at    timestamptz,  -- what else the source says about the age
    reaches_to     timestamptz,  -- of a file: its youngest record
    may_be_older   boolean NOT NULL DEFAULT false,  -- some record of it says no time, and may be of any
    first_end_at   timestamptz,  -- rest: the first promised end among them
    duty           text,         -- the paragraph of a statutory duty that keeps it
    duty_until     timestamptz,  -- the duty's end; NULL beside a paragraph: nobody said
    -- What keeps it although nobody says until when: a restriction (Art. 18), or that something else has to go first. NULL: the
    -- source has no words for either.
    kept_by        text CHECK (kept_by IN ('restriction', 'waits', 'nothing')),
    tenant_id      text,         -- the customer's internal id, where the source tells it
    hold_ids       uuid[]  NOT NULL DEFAULT '{{}}',  -- holds whose scope covers it, whether they hold or not
    sure_hold_ids  uuid[]  NOT NULL DEFAULT '{{}}',      -- those of them that mean it beyond doubt
    records_named  integer NOT NULL DEFAULT 0,      -- vanished: how many holds and consents protected it
    missing_since  timestamptz,
    note           text,
    -- A record: its person withdrew longer ago than promised, and is not on the suppression list by all its identifiers since then.
    is_unlisted    boolean NOT NULL DEFAULT false,
    -- How much of it there is: rows of a partition, rows that belong to a row, bytes of a log file. NULL: not known, or one thing.
    extent         bigint,
    -- Of a file: its first bytes, unpacked, and how many; its oldest record; whether this check or one before could read all of it.
    begins_hash    bytea,
    begins_bytes   integer,
    oldest_at      timestamptz,
    was_whole      boolean,
    day            date,         -- held: the day (UTC) of the records
    day_lacks      bigint,       -- held: how many of that day are gone of all that the hold covers
    counted_to     timestamptz,  -- held: up to which instant its records were counted
    extent_then    bigint,       -- held: the same up to the last check's instant: what came since makes up for nothing that went
    extent_before  bigint        -- the larger extent that it would have, had nothing gone since, under a protection that lasts
);

-- The promise's events that happened to an entry, or may have; by their place in the promise.
CREATE UNLOGGED TABLE {events} (
    entry_no  bigint  NOT NULL,
    position  integer NOT NULL,
    happened  boolean CHECK (happened),  -- NULL: the source doesn't say
    at        timestamptz
);

CREATE UNLOGGED TABLE {consents} (
    place             text        NOT NULL,
    item_hash         bytea       NOT NULL,
    consent_id        text        NOT NULL,
    party             text,
    scope             text,
    given_at          timestamptz,
    recorded_at       timestamptz,
    ends_at           timestamptz,
    withdrawn_at      timestamptz,
    reviewed_at       timestamptz,
    contract_ended_at timestamptz
);

-- What the last check that read a place remembered of it (kept.py).
CREATE UNLOGGED TABLE {kept} (
    place      text    NOT NULL,
    item_hash  bytea   NOT NULL,
    kept_by    text,
    kept_since timestamptz,
    kept_at    timestamptz,
    was_late   boolean NOT NULL,
    PRIMARY KEY (place, item_hash)
);

-- Whom contacts named that have withdrawn, for the next check (withdrawn_contacts.py).
CREATE UNLOGGED TABLE {withdrawn} (
    place         text        NOT NULL,
    item_hash     bytea       NOT NULL,
    identifiers   bytea[]     NOT NULL,
    withdrawn_at  timestamptz NOT NULL,
    missing_since timestamptz,
    PRIMARY KEY (place, item_hash)
);

-- Who approved each hold: somebody, nobody, or the person who asked for it.
CREATE UNLOGGED TABLE {approvals} (
    hold_id  uuid PRIMARY KEY,
    approval text NOT NULL CHECK (approval IN ('approved', 'unapproved', 'self_approved'))
);

-- What the policy promises for each category of this check, and to customers with shorter limits, and the instants at which it is
-- judged.
CREATE UNLOGGED TABLE {terms} (
    category       text        NOT NULL,
    agreed         integer     NOT NULL,
    cap            interval,             -- NULL: age ends nothing
    latency        interval,             -- the shortest time that an event leaves; NULL: the promise knows no event
    release_time   interval    NOT NULL, -- after a protection ended
    duties         boolean     NOT NULL, -- single items may be flagged with a statutory duty
    scope          text,                 -- of the consent that exempts; NULL: the promise knows no exemption
    parties        text[]      NOT NULL,
    review_every   interval    NOT NULL,
    review_grace   interval    NOT NULL,
    longest_lead   interval    NOT NULL,
    as_of          timestamptz NOT NULL,
    seen_at        timestamptz NOT NULL, -- what is dated later than this lies in the future
    PRIMARY KEY (category, agreed)
);

-- The events of these promises that end the need.
CREATE UNLOGGED TABLE {promised} (
    category       text     NOT NULL,
    agreed         integer  NOT NULL,
    position       integer  NOT NULL,
    event          text     NOT NULL,
    ends_after     interval NOT NULL,
    due_after      interval NOT NULL,  -- by the promise: 0 where the event itself makes an item due
    on_request     boolean  NOT NULL,  -- customer or person decides: neither consent nor, as processor, a hold keeps it
    may_lie_ahead  boolean  NOT NULL,  -- one in the future has not come yet; of the others, it is a wrong date
    PRIMARY KEY (category, agreed, position)
);
