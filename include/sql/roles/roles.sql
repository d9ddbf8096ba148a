-- The roles, without passwords: `ALTER ROLE … PASSWORD` (psql: \password) is for whoever runs this, once per role.
-- Run as a superuser, or as a role with CREATEROLE. Safe to run again.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY[
        'retention_owner', 'retention_app', 'retention_disposal', 'retention_verify', 'retention_airflow'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I', role_name);
        END IF;
        EXECUTE format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', role_name);
    END LOOP;
    -- Nobody logs in as it: only the owner of a partitioned table may drop its partitions, so its members own it together.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'company_log_owner') THEN
        CREATE ROLE company_log_owner;
    END IF;
    ALTER ROLE company_log_owner NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
    GRANT company_log_owner TO retention_disposal;
END $$;

COMMENT ON ROLE retention_owner IS 'owns our own database: runs its migrations, nothing else';
COMMENT ON ROLE retention_app IS 'disposal and command line in our own database; the ledger only through ledger_append()';
COMMENT ON ROLE retention_disposal IS 'disposal in a source: reads what the data map''s SQL names, deletes and anonymises items';
COMMENT ON ROLE retention_verify IS 'independent checks: reads sources, writes only its own results';
COMMENT ON ROLE retention_airflow IS 'clears old runs from Airflow''s own database; sees no connections, variables or accounts';
COMMENT ON ROLE company_log_owner IS 'owns partitioned logs: the application and disposal are its members';
