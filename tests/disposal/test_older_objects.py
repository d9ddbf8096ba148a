"""The full listing sees objects that are older than their rows say; the hourly run, which reads tables alone, can't."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from tests.world import DAY, HOUR, Recording, World, now

from retention.disposal.execute import execute_plan
from retention.disposal.plan import PlanSummary, make_plan

Plan = Callable[..., PlanSummary]
KEY = "recordings/t1/without-a-day.wav"


def add(world: World, *, metadata_age: timedelta | None, key: str = KEY, versions: int = 1) -> Recording:
    """A recording without any date in its row; its objects' metadata may say when it was recorded."""
    recording = world.add_recording(age=None, key=key, versions=0)
    date_row(world, recording, start=None, evidence=now() + DAY)
    for _ in range(versions):
        stated = {"recorded-at": (now() - metadata_age).isoformat()} if metadata_age is not None else {}
        world.put(key, **stated)
    return recording


def date_row(world: World, recording: Recording, *, start: datetime | None, evidence: datetime) -> None:
    world.sql(
        "UPDATE recordings SET recorded_at = %s, created_at = %s WHERE recording_id = %s",
        start, evidence, recording.recording_id,
    )  # fmt: skip
    world.sql("UPDATE calls SET started_at = %s WHERE call_id = %s", evidence, recording.call_id)


def test_an_undated_row_goes_by_its_objects_own_date_with_all_versions(world: World, plan: Plan) -> None:
    due = add(world, metadata_age=40 * DAY, versions=3)
    kept = add(world, metadata_age=5 * DAY, key="recordings/t1/young.wav")
    silent = add(world, metadata_age=None, key="recordings/t1/silent.wav")
    assert plan().kept_by_reason == {"undated": 3}
    planned = plan("listing")
    assert (planned.due, planned.fallback, planned.kept_by_reason) == (1, 1, {"described_by_row": 2})
    query = "SELECT item_id, part_id, basis FROM retention.plan_items WHERE plan_id = %s"
    line = {"item_id": due.recording_id, "part_id": None, "basis": "fallback"}
    assert world.own_sql(query, planned.plan_id) == [line]
    assert execute_plan(world.runtime(), planned.plan_id, planned.digest).gone == 1
    assert world.is_there(kept) and world.is_there(silent) and not world.is_there(due)


def test_a_row_whose_dates_contradict_each_other_goes_by_the_oldest_of_all(world: World, plan: Plan) -> None:
    recording = add(world, metadata_age=40 * DAY)
    date_row(world, recording, start=now() - DAY, evidence=now() - 5 * DAY)
    assert plan().kept_by_reason == {"not_due": 1}
    planned = plan("listing")
    assert execute_plan(world.runtime(), planned.plan_id, planned.digest).gone == 1
    assert not world.is_there(recording)


@pytest.mark.parametrize(
    ("later", "due"), [pytest.param(23 * HOUR, 0, id="within_a_day"), pytest.param(3 * DAY, 1, id="three_days_later")]
)
def test_an_object_that_was_stored_long_before_its_row_says_goes(
    world: World, settle: Callable[[], None], monkeypatch: pytest.MonkeyPatch, later: timedelta, due: int
) -> None:
    """28 days from now, when the object will have lain there for 28 days, and its row will say 27 or 25."""
    monkeypatch.setenv("RETENTION_ENVIRONMENT", "sample")
    recording = add(world, metadata_age=None)
    date_row(world, recording, start=now() + later, evidence=now() + later)
    settle()
    as_of = now() + 28 * DAY
    planned = make_plan(
        world.runtime(), "audio", as_of=as_of, run_id=f"run/{uuid.uuid4()}", requested_by="anna", coverage="listing"
    )
    assert planned.due == due
    assert execute_plan(world.runtime(), planned.plan_id, planned.digest).gone == due
    assert world.is_there(recording) is (due == 0)


def test_a_hold_saves_what_only_the_store_calls_old(world: World, plan: Plan) -> None:
    recording = add(world, metadata_age=40 * DAY)
    planned = plan("listing")
    assert planned.due == 1
    world.add_hold(place="call_recordings", item_id=recording.recording_id)
    assert execute_plan(world.runtime(), planned.plan_id, planned.digest).spared == {"legal_hold": 1}
    assert plan("listing").due == 0
    assert world.is_there(recording)


def test_an_object_that_was_replaced_since_is_dated_again_at_the_batch(world: World, plan: Plan) -> None:
    recording = add(world, metadata_age=40 * DAY)
    planned = plan("listing")
    world.put(KEY, **{"recorded-at": now().isoformat()})
    result = execute_plan(world.runtime(), planned.plan_id, planned.digest)
    assert (result.gone, result.spared) == (0, {"not_due": 1})
    assert world.has_row(recording) and world.parts(KEY) == 2


def test_a_row_that_was_dated_since_is_believed_at_the_batch(world: World, plan: Plan) -> None:
    recording = add(world, metadata_age=40 * DAY)
    planned = plan("listing")
    date_row(world, recording, start=now() - DAY, evidence=now() - DAY)
    assert execute_plan(world.runtime(), planned.plan_id, planned.digest).spared == {"not_due": 1}
    assert world.is_there(recording)


def test_metadata_to_come_proves_no_age(world: World, plan: Plan) -> None:
    recording = add(world, metadata_age=-400 * DAY)
    assert plan("listing").due == 0
    assert world.is_there(recording)


def test_of_rows_with_a_good_date_no_object_is_asked_for(world: World, plan: Plan) -> None:
    """A nightly listing of a million objects must not ask for each."""
    asked: list[str] = []
    world.add_recording(age=DAY)
    world.add_recording(age=40 * DAY)
    open_stores = world.runtime().open_stores

    def watched(place: object, resolve: object) -> object:
        stores = open_stores(place, resolve)  # type: ignore[arg-type]
        stated_at = stores.objects.stated_at
        object.__setattr__(
            stores.objects, "stated_at", lambda parts: asked.extend(p.key for p in parts) or stated_at(parts)
        )
        return stores

    plan("listing", open_stores=watched)
    assert asked == []
