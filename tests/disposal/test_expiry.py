"""Ids and keys in our database live as long as their plan: the next run of any kind lets them go, whatever it may do itself."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.world import DAY, HOUR, World, now

from retention.disposal.execute import execute_plan
from retention.disposal.locking import try_plan_lock
from retention.disposal.plan import PlanSummary, make_plan
from retention.disposal.runtime import PlaceStores
from retention.errors import (
    GuardError,
    ModeError,
    PlanError,
    RequestError,
    RetentionError,
    StoppedError,
    StoreUnreadable,
)

Plan = Callable[..., PlanSummary]
PAST_ITS_TIME = timedelta(hours=6, seconds=1)


def items_of(world: World, plan_id: object) -> list[tuple[str, int]]:
    """States of the plan's items with their numbers."""
    rows = world.own_sql(
        "SELECT state, count(*) AS n FROM retention.plan_item_states WHERE plan_id = %s GROUP BY 1 ORDER BY 1", plan_id
    )
    return [(row["state"], row["n"]) for row in rows]


def expire(world: World, plan_id: object, ago: timedelta = HOUR) -> None:
    world.own_sql("UPDATE retention.plans SET expires_at = %s WHERE plan_id = %s", now() - ago, plan_id)


def make(world: World, coverage: str = "rows", **runtime: Any) -> PlanSummary:
    run_id = f"run/{uuid.uuid4()}"
    return make_plan(
        world.runtime(**runtime), "audio", as_of=now(), run_id=run_id, requested_by="anna", coverage=coverage
    )


def switch_off(world: World) -> None:
    world.set_mode("off")
    make(world)


def stop(world: World) -> None:
    world.own_sql("INSERT INTO retention.stop_changes (stopped, changed_by, reason) VALUES (true, 'anna', 'test')")
    fresh = make_plan(world.runtime(), "audio", as_of=now(), run_id="kept", requested_by="anna")
    execute_plan(world.runtime(), fresh.plan_id, fresh.digest)


def no_rule_yet(world: World) -> None:
    make_plan(world.runtime(), "audio", as_of=now() - 3650 * DAY, run_id="early", requested_by="anna")


def another_plan(world: World) -> None:
    execute_plan(world.runtime(), uuid.uuid4(), "0" * 64)


def observe(world: World) -> None:
    world.set_mode("observe")
    fresh = make(world)
    execute_plan(world.runtime(), fresh.plan_id, fresh.digest, dry_run=True)


@pytest.mark.parametrize(
    ("following", "refusal"),
    [
        pytest.param(make, None, id="planned_by_rows"),
        pytest.param(lambda world: make(world, "listing"), None, id="planned_by_listing"),
        pytest.param(observe, None, id="rehearsed_in_mode_observe"),
        pytest.param(switch_off, ModeError, id="refused_in_mode_off"),
        pytest.param(stop, StoppedError, id="refused_while_stopped"),
        pytest.param(no_rule_yet, GuardError, id="refused_without_a_rule"),
        pytest.param(another_plan, RequestError, id="execution_of_no_plan"),
    ],
)
def test_items_of_an_expired_plan_go_at_the_next_run_whatever_becomes_of_that(
    world: World, plan: Plan, following: Callable[[World], Any], refusal: type[RetentionError] | None
) -> None:
    recording = world.add_recording(age=40 * DAY)
    expired = plan()
    assert items_of(world, expired.plan_id) == [("planned", 1)]
    expire(world, expired.plan_id)
    if refusal is None:
        following(world)
    else:
        with pytest.raises(refusal):
            following(world)
    assert items_of(world, expired.plan_id) == []
    assert world.is_there(recording)


def test_a_blocked_plan_leaves_nothing_either(world: World, plan: Plan) -> None:
    world.add_recording(age=40 * DAY)
    blocked = plan()
    world.own_sql("UPDATE retention.plans SET blocked_reason = 'volume limit' WHERE plan_id = %s", blocked.plan_id)
    expire(world, blocked.plan_id)
    make(world, "listing")
    assert items_of(world, blocked.plan_id) == []


def test_executing_an_expired_plan_says_so_and_lets_its_items_go(world: World, plan: Plan) -> None:
    recording = world.add_recording(age=40 * DAY)
    planned = plan()
    with pytest.raises(PlanError, match="expired at"):
        execute_plan(world.runtime(now=lambda: now() + PAST_ITS_TIME), planned.plan_id, planned.digest)
    assert items_of(world, planned.plan_id) == []
    assert world.is_there(recording)


def test_a_plan_that_is_still_good_keeps_its_items(world: World, plan: Plan) -> None:
    world.add_recording(age=40 * DAY)
    good = plan()
    make(world, "listing")
    assert items_of(world, good.plan_id) == [("planned", 1)]


def begun(world: World, plan: Plan) -> PlanSummary:
    """A plan that failed: one item refused, one under an intent whose result is missing, one never tried; then it expired."""
    for _ in range(3):
        world.add_recording(age=40 * DAY)
    planned = plan()
    keys = [row["object_key"] for row in world.own_sql("SELECT object_key FROM retention.plan_items ORDER BY 1")]
    for state, key in zip(("failed", "intended"), keys, strict=False):
        world.own_sql("UPDATE retention.plan_items SET state = %s WHERE object_key = %s", state, key)
    gone = keys[1]
    world.sql("DELETE FROM recordings WHERE object_key = %s", gone)
    for version in world.s3.list_object_versions(Bucket=world.bucket, Prefix=gone)["Versions"]:
        world.s3.delete_object(Bucket=world.bucket, Key=gone, VersionId=version["VersionId"])
    world.own_sql("UPDATE retention.plans SET state = 'executing' WHERE plan_id = %s", planned.plan_id)
    expire(world, planned.plan_id)
    return planned


def state_of(world: World, plan_id: object) -> str:
    return str(world.own_sql("SELECT state FROM retention.plans WHERE plan_id = %s", plan_id)[0]["state"])


@pytest.mark.parametrize("coverage", ["rows", "listing"])
def test_a_failed_plan_leaves_what_it_did_in_the_ledger_and_no_item(world: World, plan: Plan, coverage: str) -> None:
    failed = begun(world, plan)
    make(world, coverage)
    assert (items_of(world, failed.plan_id), state_of(world, failed.plan_id)) == ([], "abandoned")
    (entry,) = world.ledger("recovery")
    assert (entry["recovered"], entry["still_there"], entry["unknown"]) == (1, 1, 0)
    assert len(world.own_sql("SELECT 1 FROM retention.disposed_items")) == 1


def test_a_failed_plan_is_settled_while_its_category_is_off(world: World, plan: Plan) -> None:
    failed = begun(world, plan)
    with pytest.raises(ModeError):
        switch_off(world)
    assert (items_of(world, failed.plan_id), state_of(world, failed.plan_id)) == ([], "abandoned")


def test_a_plan_in_somebodys_hands_is_left_to_them(world: World, plan: Plan) -> None:
    failed = begun(world, plan)
    with world.runtime().own() as own, try_plan_lock(own, failed.plan_id):
        make(world, "listing")
        assert len(items_of(world, failed.plan_id)) == 3
    make(world, "listing")
    assert items_of(world, failed.plan_id) == []


def test_where_the_store_does_not_answer_only_what_is_open_stays_and_not_for_long(world: World, plan: Plan) -> None:
    """Unknown is not "gone": a result is waited for, but no longer than a day."""
    failed = begun(world, plan)

    def out_of_reach(*_: object) -> PlaceStores:
        raise StoreUnreadable("the store does not answer")

    with pytest.raises(StoreUnreadable):
        make(world, open_stores=out_of_reach)
    assert items_of(world, failed.plan_id) == [("failed", 1), ("intended", 1)]
    assert (world.ledger("recovery"), state_of(world, failed.plan_id)) == ([], "executing")
    expire(world, failed.plan_id, ago=24 * HOUR + timedelta(seconds=1))
    with pytest.raises(StoreUnreadable):
        make(world, open_stores=out_of_reach)
    assert (items_of(world, failed.plan_id), state_of(world, failed.plan_id)) == ([], "abandoned")
    assert [entry["unknown"] for entry in world.ledger("recovery")] == [2]


def test_a_failed_plan_of_a_category_that_has_no_place_any_more_stops_no_run(world: World, plan: Plan) -> None:
    failed = begun(world, plan)
    world.own_sql("UPDATE retention.plans SET category = 'voicemail' WHERE plan_id = %s", failed.plan_id)
    assert make(world).due == 2
    assert items_of(world, failed.plan_id) == [("failed", 1), ("intended", 1)]
    expire(world, failed.plan_id, ago=2 * DAY)
    make(world)
    assert (items_of(world, failed.plan_id), state_of(world, failed.plan_id)) == ([], "abandoned")
