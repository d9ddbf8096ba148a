"""What an expired plan leaves: nothing. Its items hold ids and keys, and live only as long as the plan.

This is the one place that lets them go: at the start of every plan and every execution, whatever its category and coverage, and
whether or not that run may do anything itself.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from retention.database import OwnConnection
from retention.disposal.clocks import current_time
from retention.disposal.kinds import disposable_places
from retention.disposal.locking import try_plan_lock
from retention.disposal.recovery import settle_plan
from retention.disposal.runtime import Runtime
from retention.disposal.states import discard_untried
from retention.errors import RetentionError

GRACE = timedelta(hours=24)
"""How long items of unknown fate outlive their plan while their store can't be asked; after that they are noted as unknown."""


def discard_expired(runtime: Runtime, own: OwnConnection) -> None:
    """Discard the items of every expired plan that nobody is executing at this moment.

    Of a plan that was being executed, the ledger first gets what became of the items with an intent and no result. Where their
    store can't be asked, just these stay, for `GRACE`.
    """
    now = current_time(runtime, own)
    for plan in own.execute(
        "SELECT plan_id, category, state, expires_at FROM retention.plans AS p WHERE expires_at <= %s "
        "AND state IN ('planning', 'ready', 'executing') AND (state = 'executing' OR EXISTS "
        "(SELECT FROM retention.plan_items AS i WHERE i.plan_id = p.plan_id) OR EXISTS "
        "(SELECT FROM retention.plan_scopes AS s WHERE s.plan_id = p.plan_id)) ORDER BY expires_at",
        (now,),
    ).fetchall():
        with try_plan_lock(own, plan["plan_id"]) as free:
            if not free:  # a batch of it is just ending; the next run finds what is left
                continue
            discard_untried(own, plan["plan_id"])
            if plan["state"] == "executing":
                _settle(runtime, own, plan["plan_id"], plan["category"], patient=now < plan["expires_at"] + GRACE)


def _settle(runtime: Runtime, own: OwnConnection, plan_id: UUID, category: str, *, patient: bool) -> None:
    try:
        places = {place.name: place for place in disposable_places(runtime.datamap, category)}
        settle_plan(runtime, own, category, places, plan_id)
    except RetentionError:  # a store of another category, perhaps: that must not stop this run
        if not patient:
            settle_plan(runtime, own, category, {}, plan_id)
