-- Records from before this instant may go: three calendar years have ended since theirs (Europe/Berlin).
CREATE FUNCTION retention.records_end(years integer) RETURNS timestamptz LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT (date_trunc('year', clock_timestamp() AT TIME ZONE 'Europe/Berlin') - make_interval(years => years))
        AT TIME ZONE 'Europe/Berlin'
$$;

-- What a check said stays as it was said, until its time is over: then it goes by `prune_records` alone, and only what is old.
CREATE OR REPLACE FUNCTION retention.results_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('retention.pruning', TRUE) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'retention.% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION retention.only_old_results_go() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said_at timestamptz;
BEGIN
    SELECT started_at INTO said_at FROM retention.check_runs WHERE check_run_id = OLD.check_run_id;
    IF said_at >= retention.records_end(3) THEN
        RAISE EXCEPTION 'retention.% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER only_old_results_go BEFORE DELETE ON retention.check_runs
    FOR EACH ROW EXECUTE FUNCTION retention.only_old_results_go();
CREATE TRIGGER only_old_results_go BEFORE DELETE ON retention.findings
    FOR EACH ROW EXECUTE FUNCTION retention.only_old_results_go();

-- The only way for records to go: those from before `before`, `at_most` of them at once; nothing younger than three years, whoever
-- asks. A check stays until the ledger has its digest, and while a report or what later checks remember rests on it.
CREATE FUNCTION retention.prune_records(record text, before timestamptz, at_most integer) RETURNS bigint
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
                AND NOT EXISTS (SELECT FROM retention.protected_items AS p WHERE p.check_run_id = c.check_run_id)
                AND NOT EXISTS (SELECT FROM retention.kept_items AS k WHERE k.check_run_id = c.check_run_id)
                AND NOT EXISTS (SELECT FROM retention.seen_files AS s WHERE s.check_run_id = c.check_run_id)
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

-- The ledger grows, and must not be read whole for these.
CREATE INDEX ledger_records_pruned ON retention.ledger (seq) WHERE kind = 'records_pruned';
CREATE INDEX ledger_restores ON retention.ledger (seq) WHERE kind = 'restore_confirmed';
