"""Plan and disposal on a real PostgreSQL and a real S3 server: what is due goes whole, everything else stays."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.world import DAY, HASHER, HOUR, World, now

from retention.datamap.loader import load_datamap
from retention.disposal.approval import approve_plan
from retention.disposal.execute import execute_plan
from retention.disposal.plan import PlanSummary, make_plan
from retention.errors import (
    BusyError,
    DataMapError,
    GuardError,
    HoldsUnreadable,
    ModeError,
    PartlyFailedError,
    PlanError,
    StoppedError,
    StoreUnreadable,
    UnknownError,
)
from retention.evidence import ledger
from retention.evidence.holds import HoldScope, add_hold

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


class TestPreflight:
    @pytest.mark.parametrize(
        ("breakage", "error", "words"),
        [
            pytest.param("ALTER TABLE recordings RENAME TO gone", DataMapError, "recordings", id="missing_table"),
            pytest.param(
                "ALTER TABLE recordings RENAME COLUMN recorded_at TO x",
                DataMapError,
                "recorded_at",
                id="missing_column",
            ),
            pytest.param(
                "ALTER TABLE recordings ALTER recorded_at TYPE timestamp", DataMapError, "timestamptz", id="wrong_type"
            ),
        ],
    )
    def test_a_source_that_differs_from_the_map_is_a_clear_error_and_deletes_nothing(
        self, world: World, plan: Plan, breakage: str, error: type[Exception], words: str
    ) -> None:
        recording = world.add_recording(age=40 * DAY)
        planned = plan()
        world.sql(breakage)
        with pytest.raises(error, match=words):
            execute_plan(world.runtime(), planned.plan_id, planned.digest)
        with pytest.raises(error, match=words):
            plan()
        assert world.parts(recording.key) == 1

    def test_consents_that_a_row_policy_hides_are_an_error_and_not_none(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=40 * DAY)
        for party in ("caller", "customer"):
            world.add_consent(recording, party, given_ago=39 * DAY)
        world.sql("CREATE ROLE hidden_reader LOGIN PASSWORD 'reader'" if not world.sql(
            "SELECT 1 FROM pg_roles WHERE rolname = 'hidden_reader'") else "SELECT 1")  # fmt: skip
        world.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO hidden_reader")
        world.sql("GRANT DELETE ON recordings TO hidden_reader")
        world.sql("ALTER TABLE consents ENABLE ROW LEVEL SECURITY")
        world.connections["company_db"] = replace(
            world.connections["company_db"], login="hidden_reader", password="reader"
        )
        with pytest.raises(DataMapError, match="consents"):
            plan()
        assert world.is_there(recording)

    def test_an_id_that_is_not_unique_is_refused(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=40 * DAY)
        world.sql("ALTER TABLE recordings DROP CONSTRAINT recordings_pkey")
        with pytest.raises(DataMapError, match="unique"):
            plan()
        assert world.is_there(recording)

    def test_rows_whose_deletion_would_take_others_along_are_refused(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=40 * DAY)
        world.sql("CREATE TABLE notes (recording_id uuid REFERENCES recordings ON DELETE CASCADE)")
        with pytest.raises(DataMapError, match="notes"):
            plan()
        assert world.is_there(recording)

    def test_an_unreadable_hold_list_stops_everything(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=40 * DAY)
        planned = plan()
        world.own_sql("ALTER TABLE retention.holds RENAME TO holds_lost")
        with pytest.raises(HoldsUnreadable):
            execute_plan(world.runtime(), planned.plan_id, planned.digest)
        assert world.is_there(recording)

    def test_a_missing_bucket_is_unreadable_and_not_empty(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=40 * DAY)
        spec = world.datamap.places["call_recordings"].spec.model_copy(update={"bucket": "no-such-bucket"})
        lost = replace(
            world.datamap, places={"call_recordings": replace(world.datamap.places["call_recordings"], spec=spec)}
        )
        with pytest.raises(StoreUnreadable, match="bucket"):
            plan(datamap=lost)
        assert world.is_there(recording)


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


class TestListing:
    def test_orphans_past_the_cap_go_and_fresh_ones_stay(self, world: World, plan: Plan) -> None:
        old_day = now() - 40 * DAY
        old = f"recordings/t1/{old_day:%Y/%m/%d}/copy.wav"
        fresh = f"recordings/t1/{now():%Y/%m/%d}/copy.wav"
        stated = "recordings/t1/moved/copy.wav"
        world.add_recording(age=DAY)
        for key in (old, fresh):
            world.put(key)
        world.put(stated, **{"recorded-at": old_day.isoformat()})
        world.s3.create_multipart_upload(Bucket=world.bucket, Key=f"recordings/t1/{old_day:%Y/%m/%d}/upload.wav")
        planned = plan("listing")
        assert planned.due == 3
        result = execute_plan(world.runtime(), planned.plan_id, planned.digest)
        assert (result.gone, result.failed) == (3, 0)
        assert (world.parts(old), world.parts(stated), world.parts(fresh), world.parts()) == (0, 0, 1, 2)

    def test_an_expired_noncurrent_version_goes_and_the_current_one_stays(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=2 * DAY, versions=0)
        world.put(recording.key, **{"recorded-at": (now() - 40 * DAY).isoformat()})
        world.put(recording.key)
        planned = plan("listing")
        assert planned.due == 1
        assert execute_plan(world.runtime(), planned.plan_id, planned.digest).gone == 1
        assert world.is_there(recording) and world.parts(recording.key) == 1

    def test_a_restricted_items_older_versions_stay(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=2 * DAY, versions=0)
        world.put(recording.key, **{"recorded-at": (now() - 40 * DAY).isoformat()})
        world.put(recording.key)
        place = world.datamap.places["call_recordings"]
        sql = f"SELECT f.*, TRUE AS restricted FROM ({place.items_sql}\n) AS f"
        planned = plan("listing", datamap=replace(world.datamap, places={place.name: replace(place, items_sql=sql)}))
        assert planned.kept_by_reason["restriction"] == 1 and planned.due == 0

    def test_a_held_items_older_versions_stay(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=2 * DAY, versions=0)
        world.put(recording.key, **{"recorded-at": (now() - 40 * DAY).isoformat()})
        world.put(recording.key)
        world.add_hold(place="call_recordings", item_id=recording.recording_id)
        assert plan("listing").due == 0

    def test_a_hold_on_somebody_else_keeps_no_older_version_of_a_row_that_says_whose_it_is(
        self, world: World, plan: Plan
    ) -> None:
        recording = world.add_recording(age=2 * DAY, versions=0)
        world.put(recording.key, **{"recorded-at": (now() - 40 * DAY).isoformat()})
        world.put(recording.key)
        world.add_hold(person_id="somebody")
        planned = plan("listing")
        assert planned.due == 1
        assert execute_plan(world.runtime(), planned.plan_id, planned.digest).gone == 1
        assert world.is_there(recording) and world.parts(recording.key) == 1

    def test_a_hold_on_a_person_keeps_orphans_because_nobody_knows_whose_they_are(
        self, world: World, plan: Plan
    ) -> None:
        world.add_recording(age=DAY)
        world.put(f"recordings/t1/{now() - 40 * DAY:%Y/%m/%d}/copy.wav")
        planned = plan("listing")
        world.add_hold(person_id="somebody")
        result = execute_plan(world.runtime(), planned.plan_id, planned.digest)
        assert result.spared == {"legal_hold": 1}

    def test_a_hold_on_a_key_keeps_that_object_alone_and_one_on_a_lost_row_all_that_may_be_meant(
        self, world: World, plan: Plan
    ) -> None:
        world.add_recording(age=DAY)
        folder = f"recordings/t1/{now() - 40 * DAY:%Y/%m/%d}"
        world.put(f"{folder}/held.wav")
        world.put(f"{folder}/other.wav")
        world.add_hold(place="call_recordings", item_id=f"{folder}/held.wav")
        assert plan("listing").due == 1
        world.add_hold(place="call_recordings", item_id="an id that no row has")
        assert plan("listing").due == 0

    def test_an_orphans_delete_marker_goes_only_after_its_versions(self, world: World, plan: Plan) -> None:
        world.add_recording(age=DAY)
        key = f"recordings/t1/{now() - 40 * DAY:%Y/%m/%d}/gone.wav"
        world.put(key)
        world.s3.delete_object(Bucket=world.bucket, Key=key)
        planned = plan("listing")
        execute_plan(world.runtime(), planned.plan_id, planned.digest)
        assert world.parts(key) == 0

    def test_a_listing_without_any_row_is_blocked_because_the_consents_may_be_lost_with_the_rows(
        self, world: World, plan: Plan
    ) -> None:
        recording = world.add_recording(age=40 * DAY)
        for party in ("caller", "customer"):
            world.add_consent(recording, party, given_ago=39 * DAY)
        world.sql("DELETE FROM recordings")
        planned = plan("listing")
        assert planned.due == 1 and "row" in (planned.blocked_reason or "")
        with pytest.raises(GuardError):
            execute_plan(world.runtime(), planned.plan_id, planned.digest)
        assert world.parts(recording.key) == 1

    def test_a_hold_on_an_item_holds_its_object_when_its_row_is_gone(self, world: World, plan: Plan) -> None:
        world.add_recording(age=DAY)
        recording = world.add_recording(age=40 * DAY)
        world.add_hold(place="call_recordings", item_id=recording.recording_id)
        world.sql("DELETE FROM recordings WHERE recording_id = %s", recording.recording_id)
        planned = plan("listing")
        assert planned.due == 0 and planned.kept_by_reason["legal_hold"] == 1

    def test_an_orphan_that_gets_a_row_after_the_plan_stays(self, world: World, plan: Plan) -> None:
        world.add_recording(age=DAY)
        key = f"recordings/t1/{now() - 40 * DAY:%Y/%m/%d}/late.wav"
        world.put(key)
        planned = plan("listing")
        late = world.add_recording(age=DAY, key=key, versions=0)
        assert execute_plan(world.runtime(), planned.plan_id, planned.digest).spared == {"described_by_row": 1}
        assert world.is_there(late)

    def test_a_version_that_is_current_again_stays(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=2 * DAY, versions=0)
        world.put(recording.key, **{"recorded-at": (now() - 40 * DAY).isoformat()})
        newer = world.put(recording.key)
        planned = plan("listing")
        world.s3.delete_object(Bucket=world.bucket, Key=recording.key, VersionId=newer)
        assert execute_plan(world.runtime(), planned.plan_id, planned.digest).spared == {"described_by_row": 1}
        assert world.is_there(recording)

    def test_objects_outside_the_mapped_prefix_are_not_touched(self, world: World, plan: Plan) -> None:
        world.put(f"elsewhere/t1/{now() - 40 * DAY:%Y/%m/%d}/x.wav")
        assert plan("listing").due == 0


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


def test_make_plan_needs_a_rule_in_force(world: World) -> None:
    with pytest.raises(GuardError, match="in force"):
        make_plan(
            world.runtime(), "audio", as_of=now() - 1000 * DAY, run_id=str(time.monotonic_ns()), requested_by="anna"
        )
