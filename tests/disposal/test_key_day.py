"""What a key says counts against a row that says otherwise: its day is evidence of age, and its tenant's holds protect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from tests.world import DAY, HOUR, Recording, World, now

from retention.disposal.execute import execute_plan
from retention.disposal.plan import PlanSummary

Plan = Callable[..., PlanSummary]


def key_of(day: datetime, name: str = "a") -> str:
    return f"recordings/t1/{day:%Y/%m/%d}/{name}.wav"


def midnight(days_ago: int) -> datetime:
    return now().replace(hour=0, minute=0, second=0, microsecond=0) - days_ago * DAY


def start_at(world: World, recording: Recording, start: datetime | None) -> None:
    """The row's own dates: its recording, its making and its call, all at once."""
    row_made = start or now()
    world.sql(
        "UPDATE recordings SET recorded_at = %s, created_at = %s WHERE recording_id = %s",
        start, row_made, recording.recording_id,
    )  # fmt: skip
    world.sql("UPDATE calls SET started_at = %s WHERE call_id = %s", row_made, recording.call_id)


@pytest.mark.parametrize("coverage", ["rows", "listing"])
def test_a_fresh_row_over_an_old_key_goes_by_the_day_in_the_key(world: World, plan: Plan, coverage: str) -> None:
    contradicted = world.add_recording(age=DAY, key=key_of(midnight(40)), versions=2)
    agreeing = world.add_recording(age=DAY)
    planned = plan(coverage)
    if coverage == "listing":  # left to the hourly run, and not taken for fresh
        assert (planned.due, planned.kept_by_reason["described_by_row"]) == (0, 3)
        planned = plan()
    assert (planned.due, planned.fallback) == (1, 1)
    items = world.own_sql("SELECT basis, arose_at, evidence_at FROM retention.plan_items")
    assert items == [{"basis": "fallback", "arose_at": midnight(40), "evidence_at": midnight(40)}]
    assert execute_plan(world.runtime(), planned.plan_id, planned.digest).gone == 1
    assert world.is_there(agreeing) and not world.is_there(contradicted)


@pytest.mark.parametrize(
    ("later", "fallback"),
    [
        pytest.param(24 * HOUR, 0, id="a_day_after_the_keys_midnight"),
        pytest.param(24 * HOUR + timedelta(microseconds=1), 1, id="beyond"),
    ],
)
def test_a_start_within_the_keys_day_agrees_with_it(world: World, plan: Plan, later: timedelta, fallback: int) -> None:
    recording = world.add_recording(age=5 * DAY, key=key_of(midnight(5)))
    start_at(world, recording, midnight(5) + later)
    planned = plan()
    assert (planned.due, planned.fallback) == (0, fallback)
    assert planned.next_due_at == (midnight(5) if fallback else midnight(5) + later) + 720 * HOUR - 49 * HOUR


def test_a_row_without_dates_is_as_old_as_its_key_says(world: World, plan: Plan) -> None:
    recording = world.add_recording(age=None, key=key_of(midnight(40)))
    planned = plan()
    assert (planned.due, planned.fallback, planned.undated) == (1, 1, 0)
    assert execute_plan(world.runtime(), planned.plan_id, planned.digest).gone == 1
    assert not world.is_there(recording)


@pytest.mark.parametrize("day", ["2099/01/01", "2026/02/30", "0000/00/00", "9999/99/99"])
def test_a_day_to_come_or_of_no_calendar_says_nothing(world: World, plan: Plan, day: str) -> None:
    dated = world.add_recording(age=40 * DAY, key=f"recordings/t1/{day}/dated.wav")
    undated = world.add_recording(age=None, key=f"recordings/t1/{day}/undated.wav")
    to_come = now() + 400 * DAY
    world.sql("UPDATE recordings SET created_at = %s WHERE recording_id = %s", to_come, undated.recording_id)
    world.sql("UPDATE calls SET started_at = %s WHERE call_id = %s", to_come, undated.call_id)
    planned = plan()
    assert (planned.due, planned.undated, planned.kept_by_reason) == (1, 1, {"undated": 1})
    assert execute_plan(world.runtime(), planned.plan_id, planned.digest).gone == 1
    assert world.is_there(undated) and not world.is_there(dated)


def test_an_event_at_no_known_time_is_dated_by_the_key(world: World, plan: Plan) -> None:
    world.add_recording(age=3 * DAY, transcribed_ago=HOUR, key=key_of(midnight(3)))
    world.sql("UPDATE transcriptions SET finished_at = NULL")
    plan()
    assert world.own_sql("SELECT basis, due_at FROM retention.plan_items") == [
        {"basis": "fallback", "due_at": midnight(3)}
    ]


def test_a_row_that_is_moved_to_a_key_of_today_stays(world: World, plan: Plan) -> None:
    """The batch decides by the key as it is then."""
    recording = world.add_recording(age=DAY, key=key_of(midnight(40)))
    planned = plan()
    world.sql(
        "UPDATE recordings SET object_key = %s WHERE recording_id = %s", key_of(midnight(1)), recording.recording_id
    )
    result = execute_plan(world.runtime(), planned.plan_id, planned.digest)
    assert (result.gone, world.has_row(recording), world.parts(recording.key)) == (0, True, 1)


def test_a_period_of_a_hold_covers_whose_dates_contradict_each_other(world: World, plan: Plan) -> None:
    """A guessed start may lie in any hold's period."""
    world.add_recording(age=DAY, key=key_of(midnight(40)))
    world.add_hold(tenant_id="t1", started_from=now() - 2 * DAY, started_before=now())
    assert (planned := plan()).due == 0
    assert planned.kept_by_reason == {"legal_hold": 1}


@pytest.mark.parametrize("held", ["t1", "t2"])
@pytest.mark.parametrize("after_the_plan", [False, True])
def test_a_hold_on_the_rows_or_on_the_keys_tenant_saves_the_item(
    world: World, plan: Plan, held: str, after_the_plan: bool
) -> None:
    recording = world.add_recording(age=40 * DAY, tenant="t2", key=key_of(midnight(40)))
    if after_the_plan:
        planned = plan()
        world.add_hold(tenant_id=held)
        result = execute_plan(world.runtime(), planned.plan_id, planned.digest)
        assert (result.gone, result.spared) == (0, {"legal_hold": 1})
    else:
        world.add_hold(tenant_id=held)
        assert plan().kept_by_reason == {"legal_hold": 1}
    assert world.is_there(recording)


def test_a_hold_on_a_third_tenant_saves_nothing(world: World, plan: Plan) -> None:
    world.add_recording(age=40 * DAY, tenant="t2", key=key_of(midnight(40)))
    world.add_hold(tenant_id="t3")
    assert plan().due == 1
