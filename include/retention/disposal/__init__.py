"""Plan, guard, dispose in batches, confirm: the only code that deletes."""
