"""The full listing: what no row leads to goes by its own age, what a row describes by its row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.world import DAY, World, now

from retention.disposal.execute import execute_plan
from retention.disposal.plan import PlanSummary
from retention.errors import (
    GuardError,
)

Plan = Callable[..., PlanSummary]


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
