-- What the ledger held at an instant, signed: its number of entries and its Merkle root (RFC 9162). Only ever added to.
CREATE TABLE retention.tree_heads (
    log       text        NOT NULL, -- the hash of the ledger's first entry, in hex
    size      bigint      NOT NULL CHECK (size > 0),
    root      text        NOT NULL, -- in hex
    at        timestamptz NOT NULL,
    key       text        NOT NULL, -- names the key that signed
    signature text        NOT NULL, -- Ed25519, in base64
    PRIMARY KEY (at, size)
);
CREATE FUNCTION retention.tree_heads_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'retention.tree_heads is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER tree_heads_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON retention.tree_heads
    FOR EACH STATEMENT EXECUTE FUNCTION retention.tree_heads_are_append_only();

-- The keys that signed are announced in the ledger.
CREATE INDEX ledger_signing_keys ON retention.ledger (seq) WHERE kind = 'signing_key';

-- Whether a check was noted already.
CREATE INDEX ledger_checks ON retention.ledger ((body::jsonb ->> 'check')) WHERE kind = 'check';
CREATE INDEX ledger_documents ON retention.ledger (seq) WHERE kind = 'documents';
-- All that the ledger says of one plan.
CREATE INDEX ledger_of_plan ON retention.ledger ((coalesce(body::jsonb ->> 'plan', body::jsonb ->> 'plan_id')))
    WHERE kind IN ('plan', 'approval', 'intent', 'result', 'recovery', 'plan_result');
