-- How far a batch has come stands once, with the batch: its items go the same way, and none of them has to be written again. An
-- item has a state of its own only where it differs from its batch: NULL says that it has gone as far as that.
CREATE TABLE retention.plan_batches (
    plan_id  uuid    NOT NULL,
    batch_no integer NOT NULL,
    state    text    NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'intended', 'gone')),
    PRIMARY KEY (plan_id, batch_no)
);
INSERT INTO retention.plan_batches (plan_id, batch_no) SELECT DISTINCT plan_id, batch_no FROM retention.plan_items;
ALTER TABLE retention.plan_items ALTER COLUMN state DROP NOT NULL, ALTER COLUMN state DROP DEFAULT;
ALTER TABLE retention.plan_items RESET (fillfactor);

-- Planned items with the state that each has.
CREATE VIEW retention.plan_item_states AS
SELECT
    i.plan_id, i.batch_no, i.place, i.item_id, i.object_key, i.part_id, i.tenant_id, i.person_id, i.arose_at, i.evidence_at,
    i.basis, i.reason, i.due_at, i.deadline_at, coalesce(i.state, b.state, 'planned') AS state, i.outcome
FROM retention.plan_items AS i LEFT JOIN retention.plan_batches AS b USING (plan_id, batch_no);
