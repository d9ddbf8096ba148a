"""What changed since the plan saves an item: holds, consents, newer versions, and whatever can not be read at the batch."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from tests.world import DAY, HASHER, World, now

from retention.disposal.execute import execute_plan
from retention.disposal.plan import PlanSummary
from retention.errors import (
    GuardError,
    UnknownError,
)
from retention.evidence.holds import HoldScope, add_hold

Plan = Callable[..., PlanSummary]


class TestNothingTooMuch:
    def test_a_hold_set_between_plan_and_batch_saves_the_item(self, world: World, plan: Plan) -> None:
        held, free = world.add_recording(age=40 * DAY), world.add_recording(age=40 * DAY)
        planned = plan()
        world.add_hold(place="call_recordings", item_id=held.recording_id)
        result = execute_plan(world.runtime(), planned.plan_id, planned.digest)
        assert (result.gone, result.spared) == (1, {"legal_hold": 1})
        assert world.is_there(held) and not world.is_there(free)

    def test_a_consent_of_both_recorded_in_time_but_seen_late_saves_the_item(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=40 * DAY)
        planned = plan()
        for party in ("caller", "customer"):
            world.add_consent(recording, party, given_ago=39 * DAY)
        result = execute_plan(world.runtime(), planned.plan_id, planned.digest)
        assert result.spared == {"consent": 1}
        assert world.is_there(recording)

    def test_a_version_newer_than_the_plan_stays_with_its_row(
        self, world: World, plan: Plan, settle: Callable[[], None]
    ) -> None:
        recording = world.add_recording(age=40 * DAY, versions=2)
        planned = plan()
        settle()
        world.put(recording.key)
        result = execute_plan(world.runtime(), planned.plan_id, planned.digest)
        assert (result.gone, result.spared) == (0, {"newer_version": 1})
        assert world.has_row(recording) and world.parts(recording.key) == 1, (
            "the older versions went, the new one stays"
        )

    def test_a_row_that_is_not_due_any_more_stays(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=40 * DAY, key="recordings/t1/without-a-day.wav")
        planned = plan()
        world.sql(
            "UPDATE recordings SET recorded_at = now(), created_at = now() WHERE recording_id = %s",
            recording.recording_id,
        )
        world.sql("UPDATE calls SET started_at = now() WHERE call_id = %s", recording.call_id)
        result = execute_plan(world.runtime(), planned.plan_id, planned.digest)
        assert result.spared == {"not_due": 1}
        assert world.is_there(recording)

    def test_a_row_that_appears_for_the_same_object_saves_both(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=40 * DAY)
        planned = plan()
        world.sql("ALTER TABLE recordings DROP CONSTRAINT recordings_bucket_object_key_key")
        other = world.add_recording(age=DAY, key=recording.key, versions=0)
        result = execute_plan(world.runtime(), planned.plan_id, planned.digest)
        assert result.spared == {"ambiguous": 1}
        assert world.is_there(recording) and world.has_row(other)

    @pytest.mark.parametrize(
        ("at", "holds"),
        [pytest.param("decided_again", 0, id="deletes"), pytest.param("holds_released", 1, id="records_what_went")],
    )
    def test_setting_a_hold_waits_until_a_batch_has_deleted_and_says_what_it_recorded(
        self, world: World, plan: Plan, at: str, holds: int
    ) -> None:
        recording = world.add_recording(age=40 * DAY)
        planned = plan()
        seen: dict[str, Any] = {}

        def hold() -> None:
            with psycopg.connect(world.own) as _, world.runtime().own() as own:
                scope = HoldScope(tenant_id=recording.tenant)
                seen["hold"] = add_hold(
                    own,
                    HASHER,
                    scope,
                    reason="dispute",
                    requested_by="anna",
                    approved_by="ben",
                    ends_at=now() + DAY,
                    review_at=None,
                )

        setter = threading.Thread(target=hold)

        def on_step(step: str) -> None:
            if step == at:
                setter.start()
                until = time.monotonic() + 20
                while len(world.own_sql("SELECT 1 FROM retention.holds")) < holds and time.monotonic() < until:
                    setter.join(0.05)
                setter.join(0.5)
                seen["waited"] = setter.is_alive()
                seen["holds"] = len(world.own_sql("SELECT 1 FROM retention.holds"))

        execute_plan(world.runtime(on_step=on_step), planned.plan_id, planned.digest)
        setter.join(10)
        assert seen["waited"], "what had gone is said when the batch has recorded it"
        assert seen["holds"] == holds, "a hold comes when the batch has deleted, not before and not later"
        assert seen["hold"].already_gone == 1

    def test_a_hold_on_a_person_keeps_a_recording_whose_call_is_lost(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=40 * DAY)
        world.sql("UPDATE recordings SET call_id = NULL")
        world.add_hold(person_id="somebody")
        assert plan().kept_by_reason == {"legal_hold": 1}
        assert world.is_there(recording)

    def test_a_hold_committed_before_the_batch_counts_although_this_machine_is_behind(
        self, world: World, plan: Plan
    ) -> None:
        recording = world.add_recording(age=40 * DAY)
        planned = plan()
        world.add_hold(tenant_id="t1", effective_at=now())
        behind = world.runtime(now=lambda: now() - timedelta(seconds=30))
        assert execute_plan(behind, planned.plan_id, planned.digest).spared == {"legal_hold": 1}
        assert world.is_there(recording)

    def test_a_clock_that_is_far_off_plans_nothing(self, world: World, plan: Plan) -> None:
        world.add_recording(age=DAY)
        with pytest.raises(GuardError, match="clocks"):
            plan(now=lambda: now() + 60 * DAY)


def test_a_batch_whose_lock_was_lost_deletes_nothing(world: World, plan: Plan) -> None:
    recording = world.add_recording(age=40 * DAY)
    planned = plan()

    def on_step(step: str) -> None:
        if step == "intent_recorded":
            world.own_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' "
                "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )

    with pytest.raises(UnknownError, match="lost"):
        execute_plan(world.runtime(on_step=on_step), planned.plan_id, planned.digest)
    assert world.is_there(recording)
