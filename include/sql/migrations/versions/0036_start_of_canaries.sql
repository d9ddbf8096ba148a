-- When the invented event was: by that and its id a record is found in a log table, whose index is one of times. A time is no
-- identifier. NULL: planted before this column was there.
ALTER TABLE retention.canaries ADD COLUMN start_at timestamptz;
