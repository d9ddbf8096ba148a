-- The tables of one check. Keyed hashes, instants, flags and ids of holds and consents only: no key, no name, no path.

-- What was seen, one row each:
--   version, delete_marker, upload   in a bucket (mapped = false: under no prefix of the data map)
--   row                              a row of a source without any object (mapped = false: it names no place of the map)
--   vanished                         protected when last seen, and now without any version
--   remembered                       protected when last seen, and not to be looked for now; `note` says why
--   bucket                           a bucket that the connection sees (mapped = false: neither mapped nor declared)
--   place                            a place that could not be read; `note` says how the store put it (mapped = false: it left the map)
CREATE UNLOGGED TABLE {entries} (
    entry_no       bigint  NOT NULL,
    category       text    NOT NULL,
    place          text    NOT NULL,
    entry          text    NOT NULL
                   CHECK (entry IN ('version', 'delete_marker', 'upload', 'row', 'vanished', 'remembered', 'bucket', 'place')),
    mapped         boolean NOT NULL,
    item_hash      bytea,
    part_hash      bytea,        -- of a version: its key, its id and, where an id can be written again, its ETag
    is_latest      boolean NOT NULL DEFAULT true,
    stored_at      timestamptz,  -- LastModified or Initiated: the store's own word
    metadata_at    timestamptz,  -- the object's own `recorded-at`
    key_day        timestamptz,  -- midnight (UTC) of the day in the key
    row_count      integer NOT NULL DEFAULT 0,
    clock_at       timestamptz,  -- the event that starts the limit, as the row says
    evidence_at    timestamptz,  -- what else the source says about the age
    event_happened boolean,      -- the event that ends the need ("at once"); NULL: the source doesn't say
    event_at       timestamptz,
    hold_ids       uuid[]  NOT NULL DEFAULT '{{}}',  -- holds whose scope covers it, whether they hold or not
    sure_hold_ids  uuid[]  NOT NULL DEFAULT '{{}}',      -- those of them that mean it beyond doubt
    records_named  integer NOT NULL DEFAULT 0,      -- vanished: how many holds and consents protected it
    missing_since  timestamptz,
    note           text
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

-- Who approved each hold: somebody, nobody, or the person who asked for it.
CREATE UNLOGGED TABLE {approvals} (
    hold_id  uuid PRIMARY KEY,
    approval text NOT NULL CHECK (approval IN ('approved', 'unapproved', 'self_approved'))
);

-- What the policy promises for each category of this check, and the instants at which it is judged.
CREATE UNLOGGED TABLE {terms} (
    category       text        PRIMARY KEY,
    cap            interval    NOT NULL,
    latency        interval,             -- after the event that ends the need; NULL: the promise knows no such event
    release_time   interval    NOT NULL, -- after a protection ended
    scope          text,                 -- of the consent that exempts; NULL: the promise knows no exemption
    parties        text[]      NOT NULL,
    review_every   interval    NOT NULL,
    review_grace   interval    NOT NULL,
    longest_lead   interval    NOT NULL,
    as_of          timestamptz NOT NULL,
    seen_at        timestamptz NOT NULL  -- what is dated later than this lies in the future
);
