"""Plan and disposal on a real PostgreSQL and a real S3 server: what is due goes whole, everything else stays."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.world import DAY, HOUR, World, now

from retention.disposal.execute import execute_plan
from retention.disposal.plan import PlanSummary
from retention.errors import (
    BusyError,
    PartlyFailedError,
)
from retention.evidence import ledger

Plan = Callable[..., PlanSummary]


def test_due_recordings_go_with_all_versions_and_rows_and_the_others_stay(world: World, plan: Plan) -> None:
    transcribed = world.add_recording(age=2 * DAY, transcribed_ago=HOUR, versions=3)
    past_cap = world.add_recording(age=40 * DAY)
    waiting = world.add_recording(age=2 * DAY)
    other_tenant = world.add_recording(age=5 * DAY, tenant="t2")
    behind_marker = world.add_recording(age=40 * DAY)
    world.s3.delete_object(Bucket=world.bucket, Key=behind_marker.key)
    world.s3.create_multipart_upload(Bucket=world.bucket, Key=past_cap.key)

    planned = plan()
    assert (planned.due, planned.considered, planned.kept_by_reason) == (3, 5, {"not_due": 2})
    result = execute_plan(world.runtime(), planned.plan_id, planned.digest)

    assert (result.planned, result.gone, result.spared, result.failed) == (3, 3, {}, 0)
    assert not any(world.is_there(recording) for recording in (transcribed, past_cap, behind_marker))
    assert world.is_there(waiting) and world.is_there(other_tenant)
    assert world.own_sql("SELECT count(*) AS n FROM retention.disposed_items WHERE outcome = 'gone'")[0]["n"] == 3
    assert world.own_sql("SELECT count(*) AS n FROM retention.plan_items")[0]["n"] == 0, (
        "items live as long as their plan"
    )


def test_a_row_without_object_goes_and_is_no_failure(world: World, plan: Plan) -> None:
    recording = world.add_recording(age=40 * DAY, versions=0)
    planned = plan()
    assert execute_plan(world.runtime(), planned.plan_id, planned.digest).gone == 1
    assert not world.has_row(recording)


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("recordings/t1/a b/ü 100%+1.wav", id="spaces_umlauts_percent_plus"),
        pytest.param("recordings/t1/line\nbreak\ttab.wav", id="newline_and_tab"),
        pytest.param("recordings/t1/日本語/🎧.wav", id="other_scripts"),
    ],
)
def test_odd_keys_are_deleted_like_any_other(world: World, plan: Plan, key: str) -> None:
    recording = world.add_recording(age=40 * DAY, key=key, versions=2)
    planned = plan()
    assert execute_plan(world.runtime(), planned.plan_id, planned.digest).gone == 1
    assert not world.is_there(recording)


def test_one_refused_item_fails_the_run_and_stops_no_other(world: World, plan: Plan) -> None:
    locked, free = world.add_recording(age=40 * DAY), world.add_recording(age=40 * DAY)
    world.sql("CREATE TABLE notes (recording_id uuid REFERENCES recordings)")
    world.sql("INSERT INTO notes VALUES (%s)", locked.recording_id)
    planned = plan()
    with pytest.raises(PartlyFailedError) as caught:
        execute_plan(world.runtime(), planned.plan_id, planned.digest)
    assert caught.value.failed == 1
    assert "Gone: 1 items; stored parts removed, of failed items too: 2." in str(caught.value), (
        "the locked row's object went too"
    )
    assert world.has_row(locked) and not world.is_there(free)
    world.sql("DROP TABLE notes")
    result = execute_plan(world.runtime(), planned.plan_id, planned.digest)
    assert (result.planned, result.gone, result.recovered, result.failed) == (2, 1, 1, 0), "a retry finishes the plan"


def test_two_runs_at_once_do_not_disturb_each_other(world: World, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retention.disposal.objects.ObjectKind.batch_items", 5)
    recordings = [world.add_recording(age=40 * DAY) for _ in range(40)]
    plans = [plan(), plan()]
    results: list[Any] = []
    threads = [
        threading.Thread(target=lambda p=p: results.append(execute_plan(world.runtime(), p.plan_id, p.digest)))
        for p in plans
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    assert all(result.planned == result.gone + sum(result.spared.values()) for result in results)
    assert sum(result.gone for result in results) == 40, "each item is claimed by one run only"
    assert world.own_sql("SELECT count(*) AS n FROM retention.disposed_items")[0]["n"] == 40
    assert not any(world.is_there(recording) for recording in recordings)
    with world.runtime().own() as own:
        assert ledger.verify(own).first_bad is None


def test_a_plan_in_execution_is_not_executed_twice(world: World, plan: Plan) -> None:
    world.add_recording(age=40 * DAY)
    planned = plan()
    errors: list[Exception] = []

    def on_step(step: str) -> None:
        if step == "locked":
            try:
                execute_plan(world.runtime(), planned.plan_id, planned.digest)
            except BusyError as error:
                errors.append(error)

    execute_plan(world.runtime(on_step=on_step), planned.plan_id, planned.digest)
    assert len(errors) == 1


def test_nothing_that_is_kept_or_logged_names_an_item_or_a_person(
    world: World, plan: Plan, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    recording = world.add_recording(age=40 * DAY)
    planned = plan()
    result = execute_plan(world.runtime(), planned.plan_id, planned.digest)
    kept = [
        world.own_sql(f"SELECT * FROM retention.{table}")
        for table in ("ledger", "disposed_items", "plans", "plan_items")
    ]
    text = json.dumps([kept, planned.to_json(), result.to_json(), caplog.text], default=str)
    for identifier in (recording.key, recording.recording_id, recording.call_id):
        assert identifier not in text


def test_the_plan_says_when_the_next_one_is_due(world: World, plan: Plan) -> None:
    world.add_recording(age=20 * DAY)
    planned = plan()
    assert planned.next_due_at is not None
    assert abs(planned.next_due_at - (now() + 10 * DAY - 49 * HOUR)) < timedelta(minutes=1)


def test_the_ledger_tells_a_whole_disposal_in_order(world: World, plan: Plan) -> None:
    world.add_recording(age=40 * DAY)
    planned = plan()
    execute_plan(world.runtime(), planned.plan_id, planned.digest)
    kinds = [row["kind"] for row in world.own_sql("SELECT kind FROM retention.ledger ORDER BY seq")]
    assert kinds == ["plan", "intent", "result", "plan_result"]
    intent, result = world.ledger("intent")[0], world.ledger("result")[0]
    assert intent["root"] == result["root"]
    assert result["gone"] == 1
