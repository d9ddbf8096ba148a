-- What is remembered of a file that begins with a few bytes says its name, too (begins_hash). What was written down without it would
-- be found nowhere: the next check says once that it can't compare (`files_known_otherwise`).
DELETE FROM retention.seen_files;
