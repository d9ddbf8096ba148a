-- Up to which instant the records of a log's partition were counted: the next check compares at that very instant, so that what is
-- logged since makes up for nothing that went. NULL: of anything else, and of what an older version remembered, which counted all.
ALTER TABLE retention.protected_items ADD COLUMN counted_to timestamptz;
