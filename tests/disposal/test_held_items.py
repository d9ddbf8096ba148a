"""An item hold holds its item wherever the item's row leads, and what may be the item where its row is lost."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.world import DAY, HASHER, Recording, World, now

from retention.datamap.loader import DataMap
from retention.disposal.execute import execute_plan
from retention.disposal.explain import explain_item
from retention.disposal.hold_scope import look_up
from retention.disposal.plan import PlanSummary
from retention.evidence.holds import HoldScope

Plan = Callable[..., PlanSummary]
BOTH = pytest.mark.parametrize("coverage", ["rows", "listing"])


def with_archive(world: World, category: str = "audio") -> DataMap:
    """The map with a second place, whose items are rows of the same table."""
    place = world.datamap.places["call_recordings"]
    spec = place.spec.model_copy(update={"prefixes": ("archive/",), "category": category, "key_date": None})
    return replace(world.datamap, places={place.name: place, "archive": replace(place, name="archive", spec=spec)})


def held(world: World, **columns: str) -> Recording:
    recording = world.add_recording(age=40 * DAY)
    world.add_hold(place="call_recordings", item_id=recording.recording_id, **columns)
    return recording


def move(world: World, recording: Recording, key: str, *, take_bytes: bool = True) -> None:
    """What a job of the company does: copy, name the copy in the row, remove the original."""
    world.put(key)
    world.sql("UPDATE recordings SET object_key = %s WHERE recording_id = %s", key, recording.recording_id)
    if take_bytes:
        for version in world.s3.list_object_versions(Bucket=world.bucket, Prefix=recording.key)["Versions"]:
            world.s3.delete_object(Bucket=world.bucket, Key=recording.key, VersionId=version["VersionId"])


class TestMovedToAnotherPlace:
    @BOTH
    def test_a_held_item_stays_held(self, world: World, plan: Plan, coverage: str) -> None:
        world.datamap = with_archive(world)
        item, due = held(world, category="audio"), world.add_recording(age=40 * DAY, key="archive/due.wav")
        move(world, item, "archive/held.wav")
        planned = plan(coverage)
        execute_plan(world.runtime(), planned.plan_id, planned.digest)
        assert world.has_row(item) and world.parts("archive/held.wav") == 1
        assert coverage == "listing" or not world.is_there(due)

    def test_a_hold_in_one_place_keeps_no_orphan_of_another_while_its_item_has_a_row(
        self, world: World, plan: Plan
    ) -> None:
        world.datamap = with_archive(world)
        held(world)
        world.add_recording(age=DAY, key="archive/young.wav")
        world.put("archive/orphan.wav", **{"recorded-at": (now() - 40 * DAY).isoformat()})
        assert plan("listing").due == 1

    def test_what_the_move_left_behind_stays_because_it_may_be_what_is_held(self, world: World, plan: Plan) -> None:
        world.datamap = with_archive(world)
        item = held(world)
        world.add_recording(age=DAY)
        move(world, item, "archive/held.wav", take_bytes=False)
        assert plan("listing").due == 0

    def test_a_key_names_an_object_and_follows_nothing(self, world: World, plan: Plan) -> None:
        world.datamap = with_archive(world)
        item = world.add_recording(age=40 * DAY)
        world.add_hold(place="call_recordings", item_id=item.key)
        move(world, item, "archive/held.wav")
        assert plan().due == 1

    def test_it_is_found_there_when_the_hold_is_set_and_explained_as_held(self, world: World) -> None:
        world.datamap = with_archive(world)
        item = held(world)
        move(world, item, "archive/held.wav")
        scope = HoldScope(place="call_recordings", item_id=item.recording_id)
        assert look_up(world.runtime, scope).rows == 1
        told = explain_item(world.runtime(), "archive", item.recording_id, as_of=now(), asked_by="anna")
        assert (told["status"], len(told["holds"])) == ("held", 1)
        assert told["item_hash"] == HASHER.item("archive", item.recording_id).hex()


@pytest.mark.parametrize(
    "elsewhere",
    [
        pytest.param("bucket = 'call-recordings-old'", id="another_bucket"),
        pytest.param("object_key = 'lost/x.wav'", id="no_prefix_of_the_place"),
    ],
)
def test_a_hold_on_an_item_holds_its_object_when_its_row_names_no_place(
    world: World, plan: Plan, elsewhere: str
) -> None:
    item = held(world)
    world.add_recording(age=DAY)
    world.sql(f"UPDATE recordings SET {elsewhere} WHERE recording_id = %s", item.recording_id)
    planned = plan("listing")
    assert (planned.due, planned.kept_by_reason["legal_hold"]) == (0, 1)


def test_a_row_that_comes_back_for_another_object_does_not_take_the_hold_off_the_first(
    world: World, plan: Plan
) -> None:
    item = held(world)
    world.add_recording(age=DAY)
    world.sql("DELETE FROM recordings WHERE recording_id = %s", item.recording_id)
    world.sql(
        "INSERT INTO recordings (recording_id, tenant_id, bucket, object_key) VALUES (%s, 't1', 'another', %s)",
        uuid.UUID(item.recording_id), item.key,
    )  # fmt: skip
    assert plan("listing").due == 0
