"""Numbers of the advisory locks in our own database, as `pg_advisory_lock` takes them (the migrations name two, too).

Two numbers make one lock. Whoever needs more than one takes them in the order RESULTS, HOLDS, LEDGER, so that nobody waits in a
ring.
"""

from __future__ import annotations

LEDGER = "7301, 1"
"""Alone, by `retention.ledger_append`, until the transaction ends: entries queue, so that the chain never forks."""

HOLDS = "7301, 2"
"""Shared by every batch while it decides again and deletes; alone by whoever changes a hold, or waits for batches to end."""

RESULTS = "7301, 3"
"""Shared by every batch from before it decides again until its result is recorded; alone by whoever has to know what has gone. It
is apart from HOLDS because to record takes as long as to delete, and a hold that is set need not wait for it."""

NOTES = "7301, 4"
"""Alone: one at a time looks what has no entry in the ledger yet, and appends that. Taken before LEDGER."""

MIGRATION = "7301, 9"
"""Alone: one migration at a time."""

PLANS = 7302
"""First number of a plan's lock; the second is `hashtext(plan_id)`. Alone, by the one run that executes, closes or settles the
plan; shared by those that each execute a part of it."""

PLAN_PARTS = 7304
"""First number of the lock on one part of a plan; the second names both. Alone, by the one run that executes that part."""

CHECKS = 7303
"""First number of a check's lock on its own inventory; the second names the inventory. Alone, while the check runs."""
