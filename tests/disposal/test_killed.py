"""Killed with SIGKILL at any step and run again, a disposal ends as if it had never been killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from tests.world import DAY, HASHER, HOUR, INCLUDE, Recording, World

from retention.disposal.execute import execute_plan
from retention.disposal.plan import PlanSummary
from retention.evidence import ledger

STEPS = (
    "executing",
    "locked",
    "decided_again",
    "intent_recorded",
    "bytes_removed",
    "bytes_confirmed",
    "rows_removed",
    "holds_released",
    "result_recorded",
    "finished",
)
Plan = Callable[..., PlanSummary]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retention.disposal.objects.ObjectKind.batch_items", 2)


def people(world: World) -> tuple[list[Recording], list[Recording]]:
    """What must go and what must stay."""
    due = [world.add_recording(age=40 * DAY, versions=2), world.add_recording(age=2 * DAY, transcribed_ago=HOUR)]
    due += [world.add_recording(age=31 * DAY) for _ in range(3)]
    exempt = world.add_recording(age=40 * DAY, tenant="t2")
    for party in ("caller", "customer"):
        world.add_consent(exempt, party, given_ago=39 * DAY)
    return due, [exempt, world.add_recording(age=DAY)]


def run_killed(world: World, folder: Path, **facts: Any) -> None:
    connections = {
        name: json.dumps({**asdict(connection), "extra": dict(connection.extra)})
        for name, connection in world.connections.items()
    }
    file = folder / "facts.json"
    file.write_text(
        json.dumps(
            {"connections": connections, "own": world.own, "policies": str(INCLUDE / "policies"),
             "datamap": str(folder / "datamap"), "key": HASHER.key.hex(), **facts},
        ),
        encoding="utf-8",
    )  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(INCLUDE)}
    script = Path(__file__).with_name("killed_run.py")
    done = subprocess.run([sys.executable, str(script), str(file)], env=environment, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, f"was to be killed at {facts['kill_at']}: {done.stderr[-2000:]}"


def assert_as_if_never_killed(world: World, due: list[Recording], kept: list[Recording]) -> None:
    assert not any(world.is_there(recording) for recording in due)
    assert all(world.is_there(recording) for recording in kept)
    hashes = {HASHER.item("call_recordings", recording.recording_id) for recording in due}
    noted = [bytes(row["item_hash"]) for row in world.own_sql("SELECT item_hash FROM retention.disposed_items")]
    assert sorted(noted) == sorted(hashes), "each item that went is noted exactly once"
    assert world.own_sql("SELECT count(*) AS n FROM retention.plan_items")[0]["n"] == 0
    states = {row["state"] for row in world.own_sql("SELECT state FROM retention.plans")}
    assert states <= {"done", "abandoned"}
    with world.runtime().own() as own:
        assert ledger.verify(own).first_bad is None


@pytest.mark.parametrize("step", STEPS)
def test_the_same_plan_run_again_finishes_what_was_killed(world: World, plan: Plan, tmp_path: Path, step: str) -> None:
    due, kept = people(world)
    planned = plan()
    run_killed(world, tmp_path, plan_id=str(planned.plan_id), digest=planned.digest, kill_at=step)
    result = execute_plan(world.runtime(), planned.plan_id, planned.digest, threads=2)
    assert (result.planned, result.gone + result.recovered, result.failed) == (5, 5, 0)
    assert_as_if_never_killed(world, due, kept)


@pytest.mark.parametrize("step", STEPS)
def test_a_new_plan_finishes_what_was_killed(world: World, plan: Plan, tmp_path: Path, step: str) -> None:
    due, kept = people(world)
    killed = plan()
    run_killed(world, tmp_path, plan_id=str(killed.plan_id), digest=killed.digest, kill_at=step)
    following = plan()
    execute_plan(world.runtime(), following.plan_id, following.digest)
    assert_as_if_never_killed(world, due, kept)


@pytest.mark.parametrize("step", ["planning", "collected", "planned"])
def test_a_planning_that_was_killed_leaves_nothing_half(
    world: World, plan: Plan, tmp_path: Path, step: str, settle: Callable[[], None]
) -> None:
    due, kept = people(world)
    settle()
    run_killed(world, tmp_path, run_id="run/1", kill_at=step)
    planned = plan(run_id="run/1")
    assert planned.due == 5
    execute_plan(world.runtime(), planned.plan_id, planned.digest)
    assert_as_if_never_killed(world, due, kept)


@pytest.mark.parametrize("step", ["bytes_removed", "rows_removed"])
def test_a_hold_that_came_after_the_kill_is_told_the_truth(world: World, plan: Plan, tmp_path: Path, step: str) -> None:
    due, _ = people(world)
    planned = plan()
    run_killed(world, tmp_path, plan_id=str(planned.plan_id), digest=planned.digest, kill_at=step)
    world.add_hold(category="audio")
    result = execute_plan(world.runtime(), planned.plan_id, planned.digest)
    assert (result.gone, result.recovered, result.spared) == (0, 2, {"legal_hold": 3})
    assert sum(bool(world.parts(recording.key)) for recording in due) == 3, "nothing more went after the hold"


def test_a_held_row_whose_bytes_somebody_took_after_the_kill_stays(world: World, plan: Plan, tmp_path: Path) -> None:
    """It alone shows the loss: what the kill had left was not ours to take any more."""
    recording = world.add_recording(age=40 * DAY)
    planned = plan()
    run_killed(world, tmp_path, plan_id=str(planned.plan_id), digest=planned.digest, kill_at="intent_recorded")
    world.add_hold(tenant_id="t1")
    for version in world.s3.list_object_versions(Bucket=world.bucket, Prefix=recording.key)["Versions"]:
        world.s3.delete_object(Bucket=world.bucket, Key=recording.key, VersionId=version["VersionId"])
    execute_plan(world.runtime(), planned.plan_id, planned.digest)
    assert world.has_row(recording)


def test_a_dry_run_takes_no_row_that_a_kill_left_alone(world: World, plan: Plan, tmp_path: Path) -> None:
    recording = world.add_recording(age=40 * DAY)
    planned = plan()
    run_killed(world, tmp_path, plan_id=str(planned.plan_id), digest=planned.digest, kill_at="bytes_removed")
    world.add_hold(tenant_id="t1")
    assert execute_plan(world.runtime(), planned.plan_id, planned.digest, dry_run=True).recovered == 1
    assert world.has_row(recording)


def test_a_recovery_that_was_killed_itself_is_finished_by_the_next(world: World, plan: Plan, tmp_path: Path) -> None:
    due, kept = people(world)
    first = plan()
    run_killed(world, tmp_path, plan_id=str(first.plan_id), digest=first.digest, kill_at="rows_removed")
    run_killed(world, tmp_path, run_id="run/recovering", kill_at="batch_settled")
    following = plan()
    execute_plan(world.runtime(), following.plan_id, following.digest)
    assert_as_if_never_killed(world, due, kept)


def test_a_recovery_of_a_place_that_is_mapped_no_more_says_unknown(world: World, plan: Plan, tmp_path: Path) -> None:
    people(world)
    first = plan()
    run_killed(world, tmp_path, plan_id=str(first.plan_id), digest=first.digest, kill_at="bytes_removed")
    place = world.datamap.places["call_recordings"]
    renamed = replace(world.datamap, places={"recordings": replace(place, name="recordings")})
    plan(datamap=renamed)
    assert [entry["unknown"] for entry in world.ledger("recovery")] == [2]
