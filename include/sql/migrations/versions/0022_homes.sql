-- Where this database is: the cluster, its timeline (a recovery to a point in time and a promoted standby begin another), and the
-- number of the ledger's table (a restored dump makes a new one). Whoever was restored, by whatever means, is not where it was.
CREATE FUNCTION retention.home() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT concat_ws('/', s.system_identifier, c.timeline_id, 'retention.ledger'::regclass::oid)
    FROM pg_control_system() AS s, pg_control_checkpoint() AS c
$$;

-- The newest row says where it was last confirmed to be complete. Only ever added to.
CREATE TABLE retention.homes (
    home_no  bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    home     text        NOT NULL, -- '': doubted, until somebody confirms
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO retention.homes (home) VALUES (retention.home());
