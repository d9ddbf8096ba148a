-- Why each item that went was due, by the plan's word for it. NULL: it went before this was kept; its plan says why its items were due
-- by their count alone.
ALTER TABLE retention.disposed_items ADD COLUMN reason text;
