-- How much of a protected item a check saw: rows of a partition, rows that belong to a row, bytes of a log file. What is there in part
-- has vanished in part. NULL: not known, or one thing that is there or not.
ALTER TABLE retention.protected_items ADD COLUMN extent bigint;
