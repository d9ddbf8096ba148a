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

-- Callers' names, numbers and addresses (table callers) and customers' names (table tenants) are nobody's business here.
GRANT SELECT ON public.recordings, public.calls, public.transcriptions, public.consents, public.contracts
    TO retention_disposal, retention_verify;
GRANT DELETE ON public.recordings TO retention_disposal;
