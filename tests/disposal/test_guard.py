"""What stops a run before anything goes: mode, stop, volume, approval, expiry, another plan than was looked at."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from tests.world import DAY, World, now

from retention.datamap.loader import load_datamap
from retention.disposal.approval import approve_plan
from retention.disposal.execute import execute_plan
from retention.disposal.plan import PlanSummary, make_plan
from retention.errors import (
    GuardError,
    ModeError,
    PlanError,
    StoppedError,
)

Plan = Callable[..., PlanSummary]


class TestGuard:
    def test_mode_observe_deletes_nothing_and_a_dry_run_says_what_would_go(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=40 * DAY, versions=2)
        world.set_mode("observe")
        planned = plan()
        with pytest.raises(ModeError, match="observe"):
            execute_plan(world.runtime(), planned.plan_id, planned.digest)
        dry = execute_plan(world.runtime(), planned.plan_id, planned.digest, dry_run=True)
        assert (dry.dry_run, dry.gone) == (True, 1)
        assert world.is_there(recording) and world.parts(recording.key) == 2

    def test_mode_off_plans_nothing(self, world: World, plan: Plan) -> None:
        world.set_mode("off")
        with pytest.raises(ModeError, match="off"):
            plan()

    def test_stop_ends_a_running_disposal_before_its_next_batch(
        self, world: World, plan: Plan, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("retention.disposal.objects.ObjectKind.batch_items", 1)
        recordings = [world.add_recording(age=40 * DAY) for _ in range(4)]
        planned = plan()

        def on_step(step: str) -> None:
            if step == "result_recorded":
                world.own_sql(
                    "INSERT INTO retention.stop_changes (stopped, changed_by, reason) VALUES (true, 'anna', 'test')"
                )

        with pytest.raises(StoppedError, match="anna"):
            execute_plan(world.runtime(on_step=on_step), planned.plan_id, planned.digest, threads=1)
        assert sum(world.is_there(recording) for recording in recordings) == 3

    def test_above_the_volume_limit_a_second_person_approves_exactly_this_plan(
        self, world: World, monkeypatch: pytest.MonkeyPatch, plan: Plan
    ) -> None:
        recordings = [world.add_recording(age=40 * DAY) for _ in range(3)]
        runtime = world.runtime()
        limit = runtime.policy.rules["audio"].volume_limit.model_copy(update={"items": 2})
        rule = runtime.policy.rules["audio"].model_copy(update={"volume_limit": limit})
        policy = type(runtime.policy)(
            runtime.policy.promises, {"audio": rule}, runtime.policy.promises_digest, runtime.policy.rules_digest
        )
        planned = plan(policy=policy)
        assert planned.blocked and "volume limit" in (planned.blocked_reason or "")
        assert planned.breaches_at is not None
        with pytest.raises(GuardError, match="volume limit"):
            execute_plan(world.runtime(), planned.plan_id, planned.digest)
        with world.runtime().own() as own:
            with pytest.raises(GuardError, match="second person"):
                approve_plan(own, planned.plan_id, planned.digest, approved_by=" Anna", reason="looked at it")
            with pytest.raises(PlanError, match="digest"):
                approve_plan(own, planned.plan_id, "0" * 64, approved_by="ben", reason="looked at it")
            approve_plan(own, planned.plan_id, planned.digest, approved_by="ben", reason="looked at it")
        assert execute_plan(world.runtime(), planned.plan_id, planned.digest).gone == 3
        assert not any(world.is_there(recording) for recording in recordings)

    def test_another_digest_or_changed_items_are_refused(self, world: World, plan: Plan) -> None:
        due, fresh = world.add_recording(age=40 * DAY), world.add_recording(age=DAY)
        planned = plan()
        with pytest.raises(PlanError, match="digest"):
            execute_plan(world.runtime(), planned.plan_id, "0" * 64)
        world.own_sql("UPDATE retention.plan_items SET object_key = %s, item_id = %s", fresh.key, fresh.recording_id)
        with pytest.raises(PlanError, match="changed"):
            execute_plan(world.runtime(), planned.plan_id, planned.digest)
        assert world.is_there(due) and world.is_there(fresh)

    @pytest.mark.parametrize("column", ["tenant_id", "person_id", "basis", "reason"])
    def test_an_item_under_another_name_or_reason_is_refused(self, world: World, plan: Plan, column: str) -> None:
        due = world.add_recording(age=40 * DAY)
        planned = plan()
        world.own_sql(f"UPDATE retention.plan_items SET {column} = 'other'")
        with pytest.raises(PlanError, match="changed"):
            execute_plan(world.runtime(), planned.plan_id, planned.digest)
        assert world.is_there(due)

    def test_a_plan_for_the_future_is_refused_outside_the_sample_environment(
        self, world: World, monkeypatch: pytest.MonkeyPatch, settle: Callable[[], None]
    ) -> None:
        recording = world.add_recording(age=DAY)
        settle()
        later = make_plan(world.runtime(), "audio", as_of=now() + 60 * DAY, run_id="run/1", requested_by="anna")
        monkeypatch.delenv("RETENTION_ENVIRONMENT", raising=False)
        with pytest.raises(PlanError, match="future"):
            execute_plan(world.runtime(), later.plan_id, later.digest)
        assert world.is_there(recording)

    def test_an_expired_plan_is_refused(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=40 * DAY)
        planned = plan()
        later = world.runtime(now=lambda: now() + timedelta(hours=6, seconds=1))
        with pytest.raises(PlanError, match="expired"):
            execute_plan(later, planned.plan_id, planned.digest)
        assert world.is_there(recording)

    def test_a_plan_of_yesterdays_rules_is_refused(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=40 * DAY)
        planned = plan()
        policy = world.runtime().policy
        changed = type(policy)(policy.promises, policy.rules, policy.promises_digest, "another")
        with pytest.raises(PlanError, match="rules changed"):
            execute_plan(world.runtime(policy=changed), planned.plan_id, planned.digest)
        assert world.is_there(recording)

    @pytest.mark.parametrize("begun", [False, True])
    def test_a_retry_after_the_map_changed_plans_anew(
        self, world: World, plan: Plan, tmp_path: Path, begun: bool
    ) -> None:
        recording = world.add_recording(age=40 * DAY)
        first = plan(run_id="run/1")
        if begun:  # and was interrupted
            world.own_sql("UPDATE retention.plans SET state = 'executing'")
            world.own_sql("UPDATE retention.plan_items SET state = 'intended'")
        with (tmp_path / "datamap" / "company.yaml").open("a", encoding="utf-8") as file:
            file.write("# reviewed\n")
        changed = world.runtime(datamap=load_datamap(tmp_path / "datamap"))
        with pytest.raises(PlanError):
            execute_plan(changed, first.plan_id, first.digest)
        again = plan(run_id="run/1", datamap=changed.datamap)
        assert again.plan_id != first.plan_id
        assert plan(run_id="run/1", datamap=changed.datamap).plan_id == again.plan_id
        assert execute_plan(changed, again.plan_id, again.digest).gone == 1
        assert not world.is_there(recording)

    def test_a_retry_of_the_same_run_gets_the_same_plan_and_a_new_start_a_new_one(
        self, world: World, plan: Plan
    ) -> None:
        world.add_recording(age=40 * DAY)
        first = plan(run_id="run/1")
        assert plan(run_id="run/1").plan_id == first.plan_id
        execute_plan(world.runtime(), first.plan_id, first.digest)
        assert plan(run_id="run/1").plan_id != first.plan_id


def test_make_plan_needs_a_rule_in_force(world: World) -> None:
    with pytest.raises(GuardError, match="in force"):
        make_plan(
            world.runtime(), "audio", as_of=now() - 1000 * DAY, run_id=str(time.monotonic_ns()), requested_by="anna"
        )
