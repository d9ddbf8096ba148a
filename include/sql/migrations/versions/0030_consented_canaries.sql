-- What keeps a canary until `stays_until`: a hold, consents, or nothing.
ALTER TABLE retention.canaries ADD COLUMN kept_by text CHECK (kept_by IN ('hold', 'consent'));
UPDATE retention.canaries SET kept_by = 'hold' WHERE is_held;
ALTER TABLE retention.canaries DROP COLUMN is_held;
