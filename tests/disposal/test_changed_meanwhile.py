"""What changes while a batch is at work: a row goes only when it still describes the object that went, and that one is gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.world import DAY, HOUR, World

from retention.datamap.loader import DataMap
from retention.disposal.execute import DisposalSummary, execute_plan
from retention.disposal.plan import PlanSummary
from retention.errors import DataMapError

Plan = Callable[..., PlanSummary]
STEPS = ["bytes_removed", "bytes_confirmed"]


def execute(world: World, planned: PlanSummary, at: str, change: Callable[[], object]) -> DisposalSummary:
    """Execute the plan; `change` comes in at that step."""

    def on_step(step: str) -> None:
        if step == at:
            change()

    return execute_plan(world.runtime(on_step=on_step), planned.plan_id, planned.digest)


def test_the_row_of_an_object_that_was_written_again_stays(world: World, plan: Plan) -> None:
    again, gone = (world.add_recording(age=3 * HOUR, transcribed_ago=HOUR) for _ in range(2))
    result = execute(world, plan(), "bytes_removed", lambda: world.put(again.key))
    assert (result.gone, result.spared) == (1, {"newer_version": 1})
    assert world.is_there(again) and world.parts(again.key) == 1
    assert not world.is_there(gone)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "change",
    [
        pytest.param("object_key = 'recordings/t1/new.wav'", id="key"),
        pytest.param("bucket = 'elsewhere'", id="bucket"),
    ],
)
def test_a_row_that_names_another_object_by_now_stays(world: World, plan: Plan, step: str, change: str) -> None:
    moved, gone = (world.add_recording(age=3 * HOUR, transcribed_ago=HOUR) for _ in range(2))
    change = f"UPDATE recordings SET {change} WHERE recording_id = %s"
    result = execute(world, plan(), step, lambda: world.sql(change, moved.recording_id))
    assert (result.gone, result.spared) == (1, {"row_changed": 1})
    assert world.has_row(moved) and not world.parts(moved.key)
    assert not world.is_there(gone)
    assert len(world.own_sql("SELECT 1 FROM retention.disposed_items")) == 1


def with_columns(world: World, column: str | None) -> DataMap:
    """The map with these columns for the row's object."""
    place = world.datamap.places["call_recordings"]
    assert place.spec.facts.row is not None
    row = place.spec.facts.row.model_copy(update={"bucket_column": column, "key_column": column})
    spec = place.spec.model_copy(update={"facts": place.spec.facts.model_copy(update={"row": row})})
    return replace(world.datamap, places={place.name: replace(place, spec=spec)})


def test_a_map_that_names_no_columns_deletes_by_id_alone(world: World, plan: Plan) -> None:
    world.datamap = with_columns(world, None)
    recording = world.add_recording(age=40 * DAY)
    planned = plan()
    assert execute_plan(world.runtime(), planned.plan_id, planned.digest).gone == 1
    assert not world.is_there(recording)


def test_a_column_that_the_table_lacks_stops_the_plan(world: World, plan: Plan) -> None:
    world.add_recording(age=40 * DAY)
    with pytest.raises(DataMapError, match=r"no column nowhere in public\.recordings"):
        plan(datamap=with_columns(world, "nowhere"))
