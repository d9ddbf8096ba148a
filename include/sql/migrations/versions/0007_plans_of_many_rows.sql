-- A planned item changes its state twice before it goes with its plan: with room in its page, without touching any index. And
-- nobody but us writes plans and their items, together; a lookup of the plan for each of a million items guards nothing more.
ALTER TABLE retention.plan_items SET (fillfactor = 40);
ALTER TABLE retention.plan_items DROP CONSTRAINT plan_items_plan_id_fkey;
