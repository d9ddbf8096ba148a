"""What people read: the check report and the pages' data."""
