"""A loose part is as old as the store says when it goes; what the plan noted of its age makes nothing due."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from tests.world import DAY, World, now

from retention import database
from retention.disposal.digest import plan_digest
from retention.disposal.execute import execute_plan
from retention.disposal.guard import plan_row
from retention.disposal.plan import PlanSummary, header_of

Plan = Callable[..., PlanSummary]
OLD, YOUNG = "recordings/t1/old.wav", "recordings/t1/young.wav"


def forge(world: World, plan_id: UUID, change: str, *values: str) -> str:
    """Change the plan's only line, and its digest with it, as whoever may write both can."""
    world.own_sql(f"UPDATE retention.plan_items SET {change}", *values)
    with database.connect(world.own) as own:
        digest = plan_digest(own, plan_id, header_of(plan_row(own, plan_id)))
        own.execute("UPDATE retention.plans SET digest = %s", (digest,))
    return digest


def test_a_line_that_was_pointed_at_a_young_orphan_takes_nothing(world: World, plan: Plan) -> None:
    world.add_recording(age=DAY)
    world.put(OLD, **{"recorded-at": (now() - 40 * DAY).isoformat()})
    young = world.put(YOUNG)
    planned = plan("listing")
    assert planned.due == 1
    digest = forge(
        world, planned.plan_id, "object_key = %s, item_id = %s, part_id = %s", YOUNG, f"{YOUNG}#{young}", young
    )
    assert execute_plan(world.runtime(), planned.plan_id, digest).spared == {"not_due": 1}
    assert (world.parts(OLD), world.parts(YOUNG)) == (1, 1)


@pytest.mark.parametrize("noted", ["now()", "NULL"])
def test_a_line_that_notes_no_age_takes_what_the_store_says_is_old(world: World, plan: Plan, noted: str) -> None:
    world.add_recording(age=DAY)
    world.put(OLD, **{"recorded-at": (now() - 40 * DAY).isoformat()})
    planned = plan("listing")
    digest = forge(world, planned.plan_id, f"evidence_at = {noted}")
    assert execute_plan(world.runtime(), planned.plan_id, digest).gone == 1
    assert world.parts(OLD) == 0
