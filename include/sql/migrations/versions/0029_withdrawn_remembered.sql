-- Contacts that had withdrawn when a check saw them, with keyed hashes of their identifiers: once their row has gone, only the
-- suppression list keeps an import from bringing them back. `missing_since`: gone since that check, and not on the list by then.
CREATE TABLE retention.withdrawn_contacts (
    check_run_id  uuid        NOT NULL REFERENCES retention.check_runs,
    place         text        NOT NULL,
    item_hash     bytea       NOT NULL,
    identifiers   bytea[]     NOT NULL CHECK (cardinality(identifiers) > 0),
    withdrawn_at  timestamptz NOT NULL,
    missing_since timestamptz,
    PRIMARY KEY (check_run_id, place, item_hash)
);

-- Whether later checks remember something that this one saw.
CREATE FUNCTION retention.is_remembered(run uuid) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT EXISTS (SELECT FROM retention.protected_items AS p WHERE p.check_run_id = run)
        OR EXISTS (SELECT FROM retention.kept_items AS k WHERE k.check_run_id = run)
        OR EXISTS (SELECT FROM retention.seen_files AS s WHERE s.check_run_id = run)
        OR EXISTS (SELECT FROM retention.withdrawn_contacts AS w WHERE w.check_run_id = run)
$$;

-- As before (0026), with that function: a check stays until the ledger has its digest, and while a report or what later checks
-- remember rests on it.
CREATE OR REPLACE FUNCTION retention.prune_records(record text, before timestamptz, at_most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    old uuid[];
    gone bigint;
BEGIN
    IF before IS NULL OR before > retention.records_end(3) THEN
        RAISE EXCEPTION 'retention.prune_records: records of less than three years stay'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('retention.pruning', 'on', TRUE);
    IF record = 'disposed_items' THEN
        DELETE FROM retention.disposed_items WHERE ctid = ANY (ARRAY(
            SELECT d.ctid FROM retention.disposed_items AS d WHERE d.gone_at < before LIMIT at_most));
        GET DIAGNOSTICS gone = ROW_COUNT;
    ELSIF record = 'reports' THEN
        DELETE FROM retention.reports WHERE report_id = ANY (ARRAY(
            SELECT r.report_id FROM retention.reports AS r WHERE r.created_at < before LIMIT at_most));
        GET DIAGNOSTICS gone = ROW_COUNT;
    ELSIF record = 'checks' THEN
        old := ARRAY(
            SELECT c.check_run_id FROM retention.check_runs AS c
            WHERE c.started_at < before
                AND NOT EXISTS (SELECT FROM retention.reports AS r WHERE r.check_run_id = c.check_run_id)
                AND NOT retention.is_remembered(c.check_run_id)
                AND (c.finished_at IS NULL OR NOT c.is_proof OR EXISTS (
                    SELECT FROM retention.ledger AS l
                    WHERE l.kind = 'check' AND l.body::jsonb ->> 'check' = c.check_run_id::text))
            LIMIT at_most);
        DELETE FROM retention.findings WHERE check_run_id = ANY (old);
        DELETE FROM retention.check_runs WHERE check_run_id = ANY (old);
        GET DIAGNOSTICS gone = ROW_COUNT;
    ELSIF record = 'plans' THEN
        old := ARRAY(
            SELECT p.plan_id FROM retention.plans AS p
            WHERE p.planned_at < before AND p.state IN ('done', 'abandoned') LIMIT at_most);
        DELETE FROM retention.approvals WHERE plan_id = ANY (old);
        DELETE FROM retention.plan_items WHERE plan_id = ANY (old);
        DELETE FROM retention.plan_batches WHERE plan_id = ANY (old);
        DELETE FROM retention.plans WHERE plan_id = ANY (old);
        GET DIAGNOSTICS gone = ROW_COUNT;
    ELSIF record = 'holds' THEN
        old := ARRAY(SELECT h.hold_id FROM retention.holds AS h WHERE coalesce(h.ended_at, h.ends_at) < before LIMIT at_most);
        gone := cardinality(old);
        IF gone > 0 THEN -- to change holds waits for batches
            DELETE FROM retention.holds WHERE hold_id = ANY (old);
        END IF;
    ELSE
        RAISE EXCEPTION 'retention.prune_records: no such record' USING ERRCODE = 'undefined_object';
    END IF;
    PERFORM set_config('retention.pruning', '', TRUE);
    RETURN gone;
END $$;
