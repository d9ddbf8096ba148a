-- Under which key a check hashed what it saw: hashes under two keys can't be compared. NULL in checks that are older than this.
ALTER TABLE retention.check_runs ADD COLUMN hash_key_id text;

-- What a check said stays as it was said, whoever would like it otherwise.
CREATE FUNCTION retention.results_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'retention.% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER results_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON retention.check_runs
    FOR EACH STATEMENT EXECUTE FUNCTION retention.results_are_append_only();
CREATE TRIGGER results_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON retention.findings
    FOR EACH STATEMENT EXECUTE FUNCTION retention.results_are_append_only();
