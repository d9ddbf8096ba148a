-- Rights in our own database. Run in it by retention_owner after every migration. Safe to run again.
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO retention_app, retention_verify', current_database());
END $$;

REVOKE ALL ON ALL TABLES IN SCHEMA retention FROM PUBLIC, retention_app, retention_verify;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA retention FROM PUBLIC;
GRANT USAGE ON SCHEMA retention TO retention_app, retention_verify;

-- Disposal, reports and the command line. Histories (modes, stops, approvals, what went) only grow; a hold can be approved and
-- ended, its scope not rewritten; the ledger grows through its function alone, which takes no hash from the caller.
GRANT SELECT ON ALL TABLES IN SCHEMA retention TO retention_app;
-- A backup reads where each count stands.
GRANT SELECT ON ALL SEQUENCES IN SCHEMA retention TO retention_app;
GRANT INSERT ON retention.mode_changes, retention.stop_changes, retention.approvals, retention.disposed_items,
    retention.holds, retention.reports, retention.report_papers, retention.tree_heads, retention.homes TO retention_app;
-- Who was suppressed stays so; a later withdrawal counts from then on.
GRANT INSERT, UPDATE (suppressed_at) ON retention.suppression_list TO retention_app;
GRANT INSERT, UPDATE (last_seen_at), DELETE ON retention.undated_withdrawals TO retention_app;
GRANT INSERT, UPDATE, DELETE ON retention.record_times TO retention_app;
GRANT INSERT, DELETE ON retention.canaries TO retention_app;
GRANT INSERT, UPDATE ON retention.copies TO retention_app;
GRANT UPDATE (approved_by, effective_at, ended_at, ended_by) ON retention.holds TO retention_app;
GRANT INSERT, UPDATE, DELETE ON retention.plans, retention.plan_items, retention.plan_batches, retention.plan_scopes
    TO retention_app;
GRANT EXECUTE ON FUNCTION retention.ledger_append(text, text), retention.home(), retention.records_end(integer),
    retention.prune_records(text, timestamptz, integer) TO retention_app;

-- Verification reads holds and the ledger, and adds its own results. What disposal says it did is no evidence for it, but against it:
-- it says what went under a hold. Which canaries were planted, and by when they must have gone, nobody else can say.
GRANT SELECT ON retention.disposed_items TO retention_verify;
GRANT SELECT ON retention.holds, retention.ledger, retention.tree_heads, retention.suppression_list, retention.canaries
    TO retention_verify;
GRANT SELECT, INSERT ON retention.check_runs, retention.findings, retention.protected_items, retention.kept_items,
    retention.seen_files, retention.withdrawn_contacts, retention.version_dates TO retention_verify;
-- Its working memory: the lists of protected and of kept items, of files and of who withdrew, of which only the last checks' stay, what
-- versions say of themselves, and the tables of a running check.
GRANT DELETE ON retention.protected_items, retention.kept_items, retention.seen_files, retention.withdrawn_contacts,
    retention.version_dates
    TO retention_verify;
GRANT USAGE, CREATE ON SCHEMA inventory TO retention_verify;
