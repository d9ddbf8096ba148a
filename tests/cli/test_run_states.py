"""However a deletion run ended, `status` and `summary` say so; each state is brought about as it comes about in earnest."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.world import DAY, HOUR, World, now

from retention.database import connect
from retention.disposal.execute import execute_plan
from retention.disposal.opening import open_runtime
from retention.disposal.plan import PlanSummary, make_plan
from retention.disposal.previews import PREVIEW

Plan = Callable[..., PlanSummary]


class Killed(BaseException):
    """What a kill looks like from inside: nothing after it runs."""


def audio(run: Any, code: int = 3) -> dict[str, Any]:
    """The category's part of `status`; without a proof, its exit code is 3."""
    found: dict[str, Any] = run("status", code=code)["categories"][0]
    return found


def state(run: Any) -> str | None:
    found: str | None = audio(run)["last_run_state"]
    return found


def lock_row(world: World, recording_id: str) -> None:
    """Let another table hold on to a recording's row, so that only its bytes can go."""
    world.sql("CREATE TABLE IF NOT EXISTS notes (recording_id uuid REFERENCES recordings)")
    world.sql("INSERT INTO notes VALUES (%s)", recording_id)


def kill_at(step: str) -> Callable[[str], None]:
    def on_step(reached: str) -> None:
        if reached == step:
            raise Killed

    return on_step


def execute_killed(world: World, planned: PlanSummary, step: str) -> None:
    with pytest.raises(Killed):
        execute_plan(world.runtime(on_step=kill_at(step)), planned.plan_id, planned.digest)


def test_nothing_has_run_yet(run: Any) -> None:
    found = audio(run)
    assert (found["last_run_state"], found["gone"], found["runs"]) == (None, None, {})
    assert "No deletion run yet." in run("summary")["text"]


def test_a_run_that_ended_well_is_done(run: Any, world: World, settle: Any) -> None:
    world.add_recording(age=40 * DAY)
    settle()
    run("dispose", "audio")
    found = audio(run)
    assert (found["last_run_state"], found["due"], found["gone"], found["failed"]) == ("done", 1, 1, 0)
    assert not found["runs"]["rows"]["is_trouble"]


def test_a_run_that_failed_in_part_says_how_many_and_is_not_running(run: Any, world: World, settle: Any) -> None:
    locked, _ = world.add_recording(age=40 * DAY), world.add_recording(age=40 * DAY)
    lock_row(world, locked.recording_id)
    settle()
    run("dispose", "audio", code=5)
    found = audio(run)
    assert (found["last_run_state"], found["gone"], found["failed"]) == ("partly_failed", 1, 1)
    assert found["last_run"] is None, "only a run that ended well counts as one"
    text = run("summary")["text"]
    assert "partly failed; 1 of 2 due items gone; 1 failed (1 × 23503: rows of another table point to it). " in text
    assert "The next run tries again; docs/stores.md" in text


def test_bytes_that_went_without_their_row_are_not_nothing(run: Any, world: World, settle: Any) -> None:
    lock_row(world, world.add_recording(age=40 * DAY, versions=3).recording_id)
    settle()
    run("dispose", "audio", code=5)
    assert state(run) == "failed"
    assert (
        "0 of 1 due item gone; 1 failed (1 × 23503: rows of another table point to it); 3 stored parts removed"
        in run("summary")["text"]
    )


def test_a_run_under_way_is_running(run: Any, world: World, plan: Plan) -> None:
    world.add_recording(age=40 * DAY)
    planned, seen = plan(), []

    def look(step: str) -> None:
        if step == "intent_recorded":
            seen.append(state(run))

    execute_plan(world.runtime(on_step=look), planned.plan_id, planned.digest)
    assert seen == ["running"]


@pytest.mark.parametrize("step", ["executing", "intent_recorded", "bytes_removed"])
def test_a_killed_run_is_interrupted_and_not_running(run: Any, world: World, plan: Plan, step: str) -> None:
    world.add_recording(age=40 * DAY)
    execute_killed(world, plan(), step)
    assert state(run) == "interrupted"


def test_what_a_killed_run_had_deleted_is_counted(
    run: Any, world: World, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retention.disposal.objects.ObjectKind.batch_items", 1)
    for _ in range(2):
        world.add_recording(age=40 * DAY)
    execute_killed(world, plan(), "result_recorded")
    found = audio(run)
    assert (found["last_run_state"], found["due"], found["failed"]) == ("interrupted", 2, None)
    assert found["gone"] >= 1


def test_a_planning_that_never_ended_is_interrupted_once_its_time_is_up(run: Any, world: World, plan: Plan) -> None:
    with pytest.raises(Killed):
        plan(on_step=kill_at("planning"))
    assert state(run) is None, "it may still be at work, and says nothing yet"
    world.own_sql("UPDATE retention.plans SET expires_at = clock_timestamp()")
    assert state(run) == "interrupted"
    assert "nothing was planned and nothing deleted" in audio(run)["runs"]["rows"]["said"]


def test_an_interrupted_run_that_the_next_one_gave_up_makes_way_for_it(run: Any, world: World, plan: Plan) -> None:
    world.add_recording(age=40 * DAY)
    execute_killed(world, plan(), "bytes_removed")
    run("dispose", "audio")
    assert state(run) == "done"


def test_a_preview_is_no_run_until_somebody_executes_it(run: Any, world: World, settle: Any) -> None:
    world.add_recording(age=40 * DAY)
    settle()
    run("dispose", "audio", "--dry-run")
    planned = run("plan", "audio")
    run("stop", "--reason", "r")
    assert audio(run)["runs"] == {}
    run("resume", "--reason", "r")
    run("dispose", "--plan", planned["plan_id"], "--digest", planned["digest"])
    assert (audio(run)["last_run_state"], audio(run)["gone"]) == ("done", 1)


def test_a_restore_makes_no_run_of_a_preview_that_deleted_nothing(run: Any, world: World, settle: Any) -> None:
    world.add_recording(age=40 * DAY)
    settle()
    run("plan", "audio")
    gave_up_by_restore(world)
    assert audio(run)["runs"] == {}


def test_a_restore_hides_no_preview_under_which_something_had_begun_to_go(run: Any, world: World, plan: Plan) -> None:
    world.add_recording(age=40 * DAY)
    execute_killed(world, plan(run_id=f"{PREVIEW}/1"), "bytes_removed")
    gave_up_by_restore(world)
    assert state(run) not in (None, "done")


def gave_up_by_restore(world: World) -> None:
    """What a restored database has of the plans that were open when it was backed up."""
    with connect(world.own) as own:
        own.execute("TRUNCATE retention.plan_items, retention.plan_batches")
        own.execute("UPDATE retention.plans SET state = 'abandoned' WHERE state IN ('planning', 'ready', 'executing')")


class TestBlocked:
    @pytest.fixture
    def planned(self, run: Any, world: World, settle: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
        """A plan above the volume limit."""
        folder, shipped = tmp_path / "strict", tmp_path / "shipped"
        folder.mkdir()
        for file in shipped.glob("*.yaml"):
            (folder / file.name).write_text(file.read_text().replace(" items: 50000", " items: 1"))
        monkeypatch.setenv("RETENTION_POLICIES", str(folder))
        for _ in range(2):
            world.add_recording(age=40 * DAY)
        settle()
        made = make_plan(open_runtime(), "audio", as_of=now(), run_id="dispose_audio/1", requested_by="anna")
        return {"plan_id": str(made.plan_id), "digest": made.digest}

    def test_it_is_blocked_until_a_second_person_approves(self, run: Any, planned: Any) -> None:
        found = audio(run)
        assert (found["last_run_state"], found["due"], found["gone"]) == ("blocked", 2, 0)
        assert "volume limit" in found["blocked_reason"]
        said = found["runs"]["rows"]["said"]
        assert "2 of 2 items due" in said and "first breach was on" in said and "approve" in said
        run("approve", planned["plan_id"], "--digest", planned["digest"], "--reason", "seen", "--by", "ben")
        assert state(run) == "approved"

    def test_a_breach_ahead_is_told_from_one_that_came(self, run: Any, world: World, planned: Any) -> None:
        world.own_sql("UPDATE retention.plans SET breaches_at = clock_timestamp() + interval '3 hours'")
        assert "first breach on" in audio(run)["runs"]["rows"]["said"]

    def test_it_expires_when_nobody_does(self, run: Any, world: World, planned: Any) -> None:
        world.own_sql("UPDATE retention.plans SET expires_at = clock_timestamp()")
        found = audio(run)
        assert found["last_run_state"] == "expired" and "volume limit" in found["blocked_reason"]


class TestStopped:
    def test_a_run_that_a_stop_ended_between_two_batches(
        self, run: Any, world: World, plan: Plan, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("retention.disposal.objects.ObjectKind.batch_items", 1)
        for _ in range(2):
            world.add_recording(age=40 * DAY)
        planned = plan()

        def stop(step: str) -> None:
            if step == "result_recorded":
                world.own_sql(  # the command would wait for this batch to end
                    "INSERT INTO retention.stop_changes (stopped, changed_by, reason) VALUES (true, 'anna', 'test')"
                )

        with pytest.raises(Exception, match="anna"):
            execute_plan(world.runtime(on_step=stop), planned.plan_id, planned.digest, threads=1)
        found = audio(run)
        assert (found["last_run_state"], found["gone"], found["due"]) == ("stopped", 1, 2)
        run("resume", "--reason", "test")
        assert state(run) == "stopped", "that it did not end is still true"

    @pytest.mark.parametrize("words", [("stop", "--reason", "t"), ("mode", "audio", "off", "--reason", "t")])
    def test_a_plan_that_may_not_begin(self, run: Any, world: World, plan: Plan, words: tuple[str, ...]) -> None:
        world.add_recording(age=40 * DAY)
        plan()
        assert state(run) == "planned"
        run(*words)
        assert state(run) == "stopped"

    def test_a_kill_is_no_stop_because_a_stop_came_later(self, run: Any, world: World, plan: Plan) -> None:
        world.add_recording(age=40 * DAY)
        execute_killed(world, plan(), "bytes_removed")
        run("stop", "--reason", "what is going on?")
        assert state(run) == "interrupted"


def test_a_plan_in_mode_observe_is_a_whole_run(run: Any, world: World, plan: Plan) -> None:
    world.add_recording(age=40 * DAY)
    world.set_mode("observe")
    plan()
    found = audio(run)
    assert (found["last_run_state"], found["due"], found["gone"]) == ("observed", 1, 0)
    assert not found["runs"]["rows"]["is_trouble"]


class TestFailedTask:
    def fail(self, world: World, task: str, run_id: str = "scheduled__1", **about: str) -> None:
        body = {"dag": "dispose_audio", "task": task, "run": run_id, "try": 4, "category": "audio", "coverage": "rows"}
        world.own_sql("SELECT * FROM retention.ledger_append('task_failed', %s)", json.dumps(body | about))

    def test_a_run_that_failed_before_it_had_a_plan_is_the_last_one(self, run: Any, world: World, settle: Any) -> None:
        run("dispose", "audio")
        self.fail(world, "plan")
        found = audio(run)
        assert (found["last_run_state"], found["due"], found["gone"]) == ("failed", None, 0)
        assert "failed; nothing was planned and nothing deleted" in found["runs"]["rows"]["said"]
        run("dispose", "audio")
        assert state(run) == "done"

    def test_a_plan_that_could_not_be_executed_has_failed(self, run: Any, world: World, plan: Plan) -> None:
        world.add_recording(age=40 * DAY)
        plan(run_id="dispose_audio/scheduled__1")
        self.fail(world, "dispose", run_id="scheduled__0")
        assert state(run) == "planned", "it was another run's task"
        self.fail(world, "dispose")
        assert state(run) == "failed"

    def test_another_categorys_failure_is_not_this_ones(self, run: Any, world: World) -> None:
        self.fail(world, "plan", category="logs")
        assert state(run) is None


def test_a_good_full_listing_does_not_hide_a_failed_run_by_the_tables(
    run: Any, world: World, settle: Any, plan: Plan
) -> None:
    lock_row(world, world.add_recording(age=40 * DAY).recording_id)
    settle()
    run("dispose", "audio", code=5)
    planned = plan(coverage="listing")
    execute_plan(world.runtime(), planned.plan_id, planned.digest)
    found = audio(run)
    assert {coverage: one["state"] for coverage, one in found["runs"].items()} == {"rows": "failed", "listing": "done"}
    assert found["last_run_state"] == "failed"


def test_what_went_since_under_an_earlier_plan_is_said(run: Any, world: World, settle: Any, plan: Plan) -> None:
    """As when an interrupted run is finished, and a new one then finds nothing."""
    world.add_recording(age=40 * DAY)
    settle()
    planned = plan()
    since = datetime.now(UTC)
    execute_plan(world.runtime(), planned.plan_id, planned.digest)
    run("dispose", "audio")
    text = run("summary", "--since", since.isoformat())["text"]
    assert "nothing was due" in text
    assert "1 more went since" in text
    assert "more went" not in run("summary")["text"]


def test_tables_and_listing_have_one_number_together(run: Any, world: World, settle: Any, plan: Plan) -> None:
    world.add_recording(age=40 * DAY)
    world.add_recording(age=DAY)
    world.put(f"recordings/t1/2020/01/01/{uuid.uuid4()}.wav")
    settle()
    run("dispose", "audio")
    planned = plan(coverage="listing")
    execute_plan(world.runtime(), planned.plan_id, planned.digest)
    summary = run("summary")["categories"][0]
    assert summary["gone"] == sum(one["gone"] for one in summary["runs"].values())
    assert "1 of 1 due item gone" in summary["text"] and "1 of 1 due stored part gone" in summary["text"]
    assert world.own_sql("SELECT due_by_reason FROM retention.plans WHERE coverage = 'listing'")[0][
        "due_by_reason"
    ] == {"unlinked_version": 1}


def test_what_another_run_took_is_not_called_spared(
    run: Any, world: World, plan: Plan, settle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add_recording(age=40 * DAY)
    first, second = plan(run_id="first"), plan(run_id="second")
    execute_plan(world.runtime(), first.plan_id, first.digest)
    execute_plan(world.runtime(), second.plan_id, second.digest)
    rows = audio(run)["runs"]["rows"]
    assert (rows["gone"], rows["already_gone"], rows["spared"]) == (0, 1, 0)
    assert "1 already gone (another run)" in rows["said"]


def test_status_reads_in_minutes_and_says_overdue(run: Any, world: World) -> None:
    from typer.testing import CliRunner

    from retention.cli import app

    world.add_recording(age=34 * DAY + 22 * HOUR)
    run("verify", "audio", code=1)
    text = CliRunner().invoke(app, ["status"]).stdout
    assert "overdue by 4 days 22 h" in text
    assert f"{now():%Y-%m-%d}" in text and " UTC" in text
    assert "+00:00" not in text and "-1" not in text.replace(f"{now():%Y-%m-%d}", "")
