-- What a run was about, for those who ask later: its items live only as long as the plan. NULL in plans that are older than this.
ALTER TABLE retention.plans ADD COLUMN due_by_reason jsonb;

-- Reports ask the ledger for the results of one plan, and for the newest failure of a task; it grows, and they must not read it all.
CREATE INDEX ledger_results_of_plan ON retention.ledger ((body::jsonb ->> 'plan')) WHERE kind = 'result';
CREATE INDEX ledger_failed_tasks ON retention.ledger (seq) WHERE kind = 'task_failed';
