"""One item id for several objects is a fault of the data map: it is named, and nothing is written or deleted."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.world import DAY, Recording, World

from retention.datamap.loader import DataMap
from retention.disposal.plan import PlanSummary
from retention.errors import DataMapError

Plan = Callable[..., PlanSummary]


@pytest.fixture
def twice(world: World) -> Recording:
    """A call with two recordings."""
    recording = world.add_recording(age=40 * DAY)
    second = recording.key.replace(".wav", "-2.wav")
    world.put(second)
    world.sql(
        "INSERT INTO recordings (recording_id, call_id, tenant_id, bucket, object_key, recorded_at) "
        "VALUES (%s, %s, 't1', %s, %s, now() - interval '40 days')",
        uuid.uuid4(), recording.call_id, world.bucket, second,
    )  # fmt: skip
    return recording


def by_call(world: World, *, with_row: bool) -> DataMap:
    """The map with a call's id as the item's."""
    place = world.datamap.places["call_recordings"]
    facts = place.spec.facts if with_row else place.spec.facts.model_copy(update={"row": None})
    items_sql = place.items_sql.replace("r.recording_id::text AS item_id", "r.call_id::text AS item_id")
    changed = replace(place, items_sql=items_sql, spec=place.spec.model_copy(update={"facts": facts}))
    return replace(world.datamap, places={place.name: changed})


@pytest.mark.parametrize(
    ("coverage", "with_row"),
    [
        pytest.param("rows", False, id="without_row"),
        pytest.param("listing", False, id="listing_without_row"),
        pytest.param("rows", True, id="with_row"),
    ],
)
def test_an_id_of_several_objects_is_refused_by_name_of_its_place(
    world: World, plan: Plan, twice: Recording, coverage: str, with_row: bool
) -> None:
    with pytest.raises(DataMapError, match=r"call_recordings.*same item_id.*primary key") as refused:
        plan(coverage, datamap=by_call(world, with_row=with_row))
    assert twice.call_id not in str(refused.value) and refused.value.__context__ is None
    assert world.own_sql("SELECT 1 FROM retention.plan_items") == []
    assert world.ledger("plan") == [] and world.is_there(twice)
    assert with_row or world.own_sql("SELECT 1 FROM retention.plans") == []


def test_an_id_of_one_object_each_is_not_refused_without_a_row(world: World, plan: Plan) -> None:
    for _ in range(2):
        world.add_recording(age=40 * DAY)
    assert plan(datamap=by_call(world, with_row=False)).due == 2
