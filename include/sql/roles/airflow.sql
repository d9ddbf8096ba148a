-- Rights in Airflow's own database, for the maintenance DAG and the checks. Run in it after each `airflow db migrate`, by a
-- superuser or the database's owner; the roles exist by then (roles.sql). Safe to run again.
DO $$
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO retention_airflow, retention_verify', current_database());
    EXECUTE format('ALTER ROLE retention_verify IN DATABASE %I SET default_transaction_read_only = on', current_database());
END $$;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM retention_airflow, retention_verify;
-- CREATE, because `airflow db clean` copies what it deletes; connections, variables and accounts stay out of reach.
GRANT USAGE, CREATE ON SCHEMA public TO retention_airflow;
GRANT USAGE ON SCHEMA public TO retention_verify;

DO $$
DECLARE
    log_table text;
    time_columns text;
BEGIN
    FOREACH log_table IN ARRAY ARRAY[
        'asset_event', 'asset_partition_dag_run', 'backfill', 'callback', 'celery_taskmeta', 'celery_tasksetmeta', 'connection_test_request', 'dag_run',
        'dag_run_note', 'deadline', 'hitl_detail', 'hitl_detail_history', 'import_error', 'job', 'log', 'partitioned_asset_key_log',
        'revoked_token', 'session', 'task_instance', 'task_instance_history', 'task_instance_note', 'task_reschedule',
        'task_state_store', 'xcom', '_xcom_archive'
    ] LOOP
        CONTINUE WHEN to_regclass('public.' || log_table) IS NULL;
        EXECUTE format('GRANT SELECT, DELETE ON public.%I TO retention_airflow', log_table);
        -- The checks see when something happened, and nothing of what.
        SELECT string_agg(quote_ident(attname), ', ') INTO time_columns FROM pg_attribute
         WHERE attrelid = to_regclass('public.' || log_table) AND attnum > 0 AND NOT attisdropped
           AND (atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype) OR (log_table, attname) IN (('dag_run', 'id'), ('dag_run', 'dag_id'), ('dag_run', 'run_type')));
        IF time_columns IS NOT NULL THEN
            EXECUTE format('GRANT SELECT (%s) ON public.%I TO retention_verify', time_columns, log_table);
        END IF;
    END LOOP;
END $$;

-- What templates were rendered to, to look whether somebody's address or number is in it.
GRANT SELECT ON public.rendered_task_instance_fields TO retention_airflow;

-- Which runs may go: which DAGs catch up.
GRANT SELECT (dag_id, data, created_at) ON public.serialized_dag TO retention_airflow;
-- `airflow db clean` notes in Airflow's audit log that it ran.
GRANT INSERT (dttm, event, owner, extra) ON public.log TO retention_airflow;
GRANT USAGE ON SEQUENCE public.log_id_seq TO retention_airflow;

-- A copy of ours that a killed run left behind can be read by the checks.
ALTER DEFAULT PRIVILEGES FOR ROLE retention_airflow IN SCHEMA public GRANT SELECT ON TABLES TO retention_verify;

-- Copies belong to whoever ran `db clean`: the database's owner lends the right to drop these, and nothing else.
CREATE OR REPLACE FUNCTION public.retention_drop_archive(archive text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
DECLARE
    made_at text := (regexp_match(archive, '^_airflow_deleted__[a-z_]+__([0-9]{14})(__b[0-9]+)?$'))[1];
BEGIN
    IF made_at IS NULL THEN
        RAISE EXCEPTION 'not a copy made by airflow db clean' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF to_timestamp(made_at, 'YYYYMMDDHH24MISS') > now() - interval '1 hour' THEN
        RAISE EXCEPTION 'a db clean may be working with it' USING ERRCODE = 'object_in_use';
    END IF;
    EXECUTE format('DROP TABLE public.%I', archive);
END $$;
REVOKE ALL ON FUNCTION public.retention_drop_archive(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.retention_drop_archive(text) TO retention_airflow;
