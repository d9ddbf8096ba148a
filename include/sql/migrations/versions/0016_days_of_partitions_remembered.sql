-- Of a log's partition, what a hold covers is remembered by the days (UTC) of its records: rows of one day make up for none of another.
-- NULL: of anything else, and of what an older version remembered.
ALTER TABLE retention.protected_items ADD COLUMN day date;
-- All that its hold covers of that day, in whatever table, and what is lacking of it.
ALTER TABLE retention.protected_items ADD COLUMN day_extent bigint;
