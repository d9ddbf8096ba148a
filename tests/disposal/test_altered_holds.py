"""A hold whose scope was changed past the product protects something else: nothing goes until somebody has looked."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from tests.world import DAY, HASHER, World, now

from retention import database
from retention.disposal.execute import execute_plan
from retention.disposal.plan import PlanSummary
from retention.errors import GuardError
from retention.evidence.entry import canonical
from retention.evidence.hashing import ItemHasher
from retention.evidence.holds import HoldScope, add_hold, approve_hold, end_hold

Plan = Callable[..., PlanSummary]
REFUSED = "that somebody changed past the product"


def set_hold(world: World, hasher: ItemHasher = HASHER, approved_by: str | None = "ben", **scope: Any) -> str:
    with database.connect(world.own) as own:
        result = add_hold(
            own, hasher, HoldScope(**scope), reason="dispute", requested_by="anna", approved_by=approved_by,
            ends_at=now() + 30 * DAY, review_at=None,
        )  # fmt: skip
    return str(result.hold_id)


@pytest.mark.parametrize("approved_by", ["ben", None], ids=["in_force", "waits_for_approval"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param("tenant_id = 't2'", id="another_tenant"),
        pytest.param("started_before = now() - interval '300 days'", id="a_narrower_period"),
        pytest.param("tenant_id = NULL, person_id = 'somebody'", id="a_person_instead"),
        pytest.param("ended_at = now(), ended_by = 'anna'", id="ended"),
        pytest.param("ends_at = now() - interval '1 hour'", id="an_earlier_end"),
        pytest.param("requested_by = 'ben', approved_by = 'ben'", id="approved_by_its_requester"),
        pytest.param("effective_at = now() + interval '1 day'", id="a_later_beginning"),
    ],
)
def test_a_hold_with_another_scope_than_it_was_set_with_stops_plan_and_execution(
    world: World, plan: Plan, change: str, approved_by: str | None
) -> None:
    held = world.add_recording(age=40 * DAY)
    planned = plan()
    hold_id = set_hold(world, tenant_id="t1", approved_by=approved_by)
    plan()
    world.own_sql(f"UPDATE retention.holds SET {change}")
    with pytest.raises(GuardError, match=f"{REFUSED}.*{hold_id}"):
        plan()
    with pytest.raises(GuardError, match=REFUSED):
        execute_plan(world.runtime(), planned.plan_id, planned.digest)
    assert world.is_there(held)


def test_a_hold_that_is_gone_without_having_ended_stops_the_plan(world: World, plan: Plan) -> None:
    held = world.add_recording(age=40 * DAY)
    set_hold(world, tenant_id="t1")
    world.own_sql("DELETE FROM retention.holds")
    with pytest.raises(GuardError, match=REFUSED):
        plan()
    assert world.is_there(held)


def test_a_hold_that_was_approved_later_stops_nothing(world: World, plan: Plan) -> None:
    world.add_recording(age=40 * DAY, tenant="t2")
    hold_id = set_hold(world, tenant_id="t1", approved_by=None)
    with database.connect(world.own) as own:
        approve_hold(own, HASHER, uuid.UUID(hold_id), approved_by="ben", reason="seen")
    assert plan().due == 1


def test_holds_as_they_were_set_stop_nothing(world: World, plan: Plan) -> None:
    world.add_recording(age=40 * DAY, tenant="t2")
    set_hold(world, category="audio", tenant_id="t1", started_from=now() - 300 * DAY, started_before=now())
    set_hold(world, place="call_recordings", item_id="5D0F8E35-6D3C-4E52-9C6C-4D1A2B3C4D5E", approved_by=None)
    assert plan().due == 1


def test_an_altered_hold_that_ended_stops_nothing(world: World, plan: Plan) -> None:
    world.add_recording(age=40 * DAY)
    hold_id = set_hold(world, tenant_id="t2")
    world.own_sql("UPDATE retention.holds SET tenant_id = 't3'")
    with pytest.raises(GuardError, match=REFUSED):
        plan()
    with database.connect(world.own) as own:
        end_hold(own, hold_id, ended_by="ben", reason="altered")  # type: ignore[arg-type]
    assert plan().due == 1


@pytest.mark.parametrize("how", ["under_another_key", "without_an_entry"])
def test_a_hold_that_cannot_be_compared_is_taken_as_it_stands(world: World, plan: Plan, how: str) -> None:
    world.add_recording(age=40 * DAY)
    if how == "under_another_key":
        set_hold(world, ItemHasher(bytes(32)), tenant_id="t2")
    else:
        world.add_hold(tenant_id="t2")
    world.own_sql("UPDATE retention.holds SET tenant_id = 't1'")
    assert plan().due == 0


@pytest.mark.parametrize("body", ["no json", "[]", '{"scope_hash": 7}', "the_changed_scope"])
def test_no_later_entry_makes_an_altered_hold_right_or_stops_a_run_by_itself(
    world: World, plan: Plan, body: str
) -> None:
    world.add_recording(age=40 * DAY, tenant="t2")
    hold_id = set_hold(world, tenant_id="t1")
    forged = {"hold": hold_id, "scope_hash": HASHER.scope({"tenant_id": "t2"}).hex(), "key": HASHER.key_id}
    text = canonical(forged) if body == "the_changed_scope" else body
    world.own_sql("SELECT retention.ledger_append('hold_set', %s)", text)
    assert plan().due == 1
    world.own_sql("UPDATE retention.holds SET tenant_id = 't2'")
    with pytest.raises(GuardError, match=REFUSED):
        plan()
