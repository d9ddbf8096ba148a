-- The oldest record of each file that a check saw: files that begin with the same banner are told apart by it. What was written down
-- without it would answer for any of them: the next check says once that it can't compare (`files_known_otherwise`).
ALTER TABLE retention.seen_files ADD COLUMN oldest_at timestamptz;
DELETE FROM retention.seen_files;
