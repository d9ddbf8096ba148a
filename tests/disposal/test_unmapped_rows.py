"""Rows that lead to no place: what looks like an orphan may be their object, so a second person decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.world import DAY, Recording, World, now

from retention import database
from retention.disposal.approval import approve_plan
from retention.disposal.execute import execute_plan
from retention.disposal.plan import PlanSummary
from retention.errors import GuardError

Plan = Callable[..., PlanSummary]
ASTRAY = pytest.mark.parametrize(
    "astray",
    [
        pytest.param("bucket = 'call-recordings-old'", id="another_bucket"),
        pytest.param("object_key = 'lost/x.wav'", id="no_prefix"),
        pytest.param("object_key = 'Recordings/' || object_key", id="prefix_in_capitals"),
    ],
)


def consented(world: World) -> Recording:
    recording = world.add_recording(age=40 * DAY)
    for party in ("caller", "customer"):
        world.add_consent(recording, party, given_ago=39 * DAY)
    return recording


@ASTRAY
def test_an_object_whose_row_leads_nowhere_goes_only_with_a_second_persons_approval(
    world: World, plan: Plan, astray: str
) -> None:
    recording = consented(world)
    world.add_recording(age=DAY)
    assert plan("listing").due == 0
    world.sql(f"UPDATE recordings SET {astray} WHERE recording_id = %s", recording.recording_id)
    planned = plan("listing")
    assert planned.due == 1
    assert "no place of the data map has: 1" in (planned.blocked_reason or "")
    with pytest.raises(GuardError, match="parts due without a row: 1"):
        execute_plan(world.runtime(), planned.plan_id, planned.digest)
    assert world.parts(recording.key) == 1
    with database.connect(world.own) as own:
        approve_plan(own, planned.plan_id, planned.digest, approved_by="ben", reason="looked at")
    assert execute_plan(world.runtime(), planned.plan_id, planned.digest).gone == 1


def test_rows_that_lead_nowhere_do_not_stop_what_rows_lead_to(world: World, plan: Plan) -> None:
    astray, due = world.add_recording(age=40 * DAY), world.add_recording(age=40 * DAY)
    world.sql("UPDATE recordings SET bucket = 'elsewhere' WHERE recording_id = %s", astray.recording_id)
    planned = plan()
    assert (planned.due, planned.blocked) == (1, False)
    execute_plan(world.runtime(), planned.plan_id, planned.digest)
    assert not world.is_there(due)


def test_a_listing_without_due_orphans_is_not_stopped(world: World, plan: Plan) -> None:
    astray = world.add_recording(age=DAY)
    recording = world.add_recording(age=2 * DAY, versions=0)
    world.put(recording.key, **{"recorded-at": (now() - 40 * DAY).isoformat()})
    world.put(recording.key)
    world.sql("UPDATE recordings SET bucket = 'elsewhere' WHERE recording_id = %s", astray.recording_id)
    planned = plan("listing")
    assert (planned.due, planned.blocked) == (1, False)


def test_rows_of_another_mapped_place_lead_somewhere(world: World, plan: Plan) -> None:
    place = world.datamap.places["call_recordings"]
    spec = place.spec.model_copy(update={"prefixes": ("archive/",), "key_date": None})
    archive = replace(place, name="archive", spec=spec)
    world.datamap = replace(world.datamap, places={place.name: place, "archive": archive})
    world.add_recording(age=DAY, key="archive/young.wav")
    world.add_recording(age=DAY)
    world.put("recordings/t1/orphan.wav", **{"recorded-at": (now() - 40 * DAY).isoformat()})
    planned = plan("listing")
    assert (planned.due, planned.blocked) == (1, False)
