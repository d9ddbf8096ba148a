-- No hold lasts for ever: its end and its review lie on a day that can come. A hold that is there already and doesn't is read as one
-- without an end, and can be ended; so the constraint is not asked of what is there, nor of what has ended.
ALTER TABLE retention.holds ADD CONSTRAINT holds_end CHECK (
    ended_at IS NOT NULL
    OR (coalesce(ends_at < '9000-01-01 00:00:00+00', TRUE) AND coalesce(review_at < '9000-01-01 00:00:00+00', TRUE))
) NOT VALID;
