-- Whether a protected item was restricted (Art. 18) when a check last saw it: nothing else says so once its row is gone.
ALTER TABLE retention.protected_items ADD COLUMN is_restricted boolean NOT NULL DEFAULT false;
