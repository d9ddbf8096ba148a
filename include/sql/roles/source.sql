-- Rights in a source, here the company's database. Run in that database after its tables exist, by a superuser, or by who owns
-- the database and made the roles (it sets defaults of retention_verify).
-- Another company changes the tables' names to those of its data map; the shape stays: disposal reads what its SQL files
-- name and deletes from the tables that hold expired rows; verification reads and can't write. Safe to run again. Of other
-- roles it takes nothing: what PUBLIC may do here, these two may, too.
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM retention_disposal, retention_verify', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO retention_disposal, retention_verify', current_database());
    -- Read-only even where somebody grants too much, and rows hidden by a policy are an error, not an absence.
    EXECUTE format('ALTER ROLE retention_verify IN DATABASE %I SET default_transaction_read_only = on', current_database());
    EXECUTE format('ALTER ROLE retention_verify IN DATABASE %I SET row_security = off', current_database());
END $$;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM retention_disposal, retention_verify;
GRANT USAGE ON SCHEMA public TO retention_disposal, retention_verify;

-- What the SQL files of both sides name. Where a table holds what people said or who they are, only the columns that say which row
-- it is and how old: callers' and leads' names, numbers and addresses, what was said, and customers' names (table tenants) are
-- nobody's business here.
GRANT SELECT ON public.recordings, public.calls, public.transcriptions, public.consents, public.contracts,
    public.deletion_requests, public.marketing_consents
    TO retention_disposal, retention_verify;
GRANT SELECT (transcript_id, call_id, tenant_id, created_at, duty_paragraph, duty_until) ON public.transcripts
    TO retention_disposal, retention_verify;
GRANT SELECT (segment_id, transcript_id) ON public.transcript_segments TO retention_disposal, retention_verify;
GRANT SELECT (embedding_id, segment_id) ON public.transcript_embeddings TO retention_disposal, retention_verify;
GRANT SELECT (summary_id, transcript_id) ON public.transcript_summaries TO retention_disposal, retention_verify;
GRANT SELECT (message_id, transcript_id) ON public.chat_messages TO retention_disposal, retention_verify;
GRANT SELECT (caller_id, tenant_id, last_called_at) ON public.callers TO retention_disposal, retention_verify;
GRANT SELECT (lead_id, tenant_id, created_at) ON public.crm_leads TO retention_disposal, retention_verify;
GRANT SELECT (event_id, logged_at, stored_at) ON public.audit_log TO retention_disposal, retention_verify;
-- The identifiers are hashed for the suppression list, and compared with it.
GRANT SELECT (contact_id, created_at, email, phone) ON public.marketing_contacts TO retention_disposal, retention_verify;
-- Whether a row has been anonymised is told by these columns. What stays of it, and what was declared not personal, is searched for
-- personal data by the check of coverage.
GRANT SELECT (event_id, collected_at, stored_at, ip_address, user_agent, device_id) ON public.usage_events TO retention_disposal;
GRANT SELECT ON public.usage_events, public.tenants TO retention_verify;
GRANT USAGE ON SCHEMA sample TO retention_verify;
GRANT SELECT ON ALL TABLES IN SCHEMA sample TO retention_verify;

-- Items, and before them what belongs to them.
GRANT DELETE ON public.recordings,
    public.transcripts, public.transcript_segments, public.transcript_embeddings, public.transcript_summaries,
    public.chat_messages, public.calls, public.transcriptions, public.consents, public.callers,
    public.crm_leads, public.marketing_contacts, public.audit_log
    TO retention_disposal;
GRANT UPDATE (ip_address, user_agent, device_id) ON public.usage_events TO retention_disposal;
-- PostgreSQL lets only those lock a row who may update some column of it; the id says nothing, and who changes it gains nothing.
GRANT UPDATE (transcript_id) ON public.transcripts TO retention_disposal;
GRANT UPDATE (call_id) ON public.calls TO retention_disposal;
GRANT UPDATE (caller_id) ON public.callers TO retention_disposal;
GRANT UPDATE (lead_id) ON public.crm_leads TO retention_disposal;
GRANT UPDATE (contact_id) ON public.marketing_contacts TO retention_disposal;
GRANT UPDATE (event_id) ON public.audit_log TO retention_disposal;

-- Partitioned logs: detaching and dropping needs ownership, which the application and disposal share. New partitions are made in
-- this schema alone.
DO $$
DECLARE
    log_table record;
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO company_log_owner', current_database());
    GRANT USAGE, CREATE ON SCHEMA logs TO company_log_owner;
    -- The application's own role, by the name that it has here.
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'company_app')
        AND NOT pg_has_role('company_app', 'company_log_owner', 'MEMBER') THEN
        GRANT company_log_owner TO company_app;
    END IF;
    FOR log_table IN
        SELECT c.oid::regclass AS name
        FROM pg_class AS c
        WHERE c.relnamespace = 'logs'::regnamespace AND c.relkind IN ('r', 'p')
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO company_log_owner', log_table.name);
        EXECUTE format('REVOKE ALL ON %s FROM retention_disposal, retention_verify', log_table.name);
        EXECUTE format('GRANT SELECT (request_id, logged_at, stored_at) ON %s TO retention_verify', log_table.name);
        -- For the next partitions: rights on single columns can't be given in advance.
    END LOOP;
    ALTER DEFAULT PRIVILEGES FOR ROLE company_log_owner, retention_disposal IN SCHEMA logs
        GRANT SELECT ON TABLES TO retention_verify;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'company_app') THEN
        ALTER DEFAULT PRIVILEGES FOR ROLE company_app IN SCHEMA logs GRANT SELECT ON TABLES TO retention_verify;
    END IF;
END $$;
GRANT USAGE ON SCHEMA logs TO retention_disposal, retention_verify;
