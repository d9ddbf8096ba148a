-- Until when a statutory duty protects an item that a check saw: once it is gone, nothing else remembers. NULL: no duty.
ALTER TABLE retention.protected_items ADD COLUMN duty_until timestamptz;
