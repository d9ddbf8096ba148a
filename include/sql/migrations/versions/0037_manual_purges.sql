-- A fourth coverage: what a person asked for by customer, person, item or dates.
ALTER TABLE retention.plans DROP CONSTRAINT plans_coverage_check;
ALTER TABLE retention.plans ADD CONSTRAINT plans_coverage_check CHECK (coverage IN ('rows', 'listing', 'replay', 'purge'));
-- The keyed hash of what was asked for; the plan's digest covers it.
ALTER TABLE retention.plans ADD COLUMN scope_hash text;
ALTER TABLE retention.plans ADD CONSTRAINT plans_scope_check CHECK ((coverage = 'purge') = (scope_hash IS NOT NULL));

-- What was asked for. It may name a person or an item, and lives as long as the plan's items, not as long as the plan.
CREATE TABLE retention.plan_scopes (
    plan_id uuid  PRIMARY KEY REFERENCES retention.plans ON DELETE CASCADE,
    scope   jsonb NOT NULL CHECK (scope <> '{}')
);

-- Where the approver was known by more than a name on a command line: a manual purge asks for that.
ALTER TABLE retention.approvals ADD COLUMN via text NOT NULL DEFAULT 'command_line'
    CHECK (via IN ('command_line', 'airflow', 'signed_file'));
