-- A third coverage: what a replay list names and a restore brought back.
ALTER TABLE retention.plans DROP CONSTRAINT plans_coverage_check;
ALTER TABLE retention.plans ADD CONSTRAINT plans_coverage_check CHECK (coverage IN ('rows', 'listing', 'replay'));
