"""Holds name places and categories: one that the map doesn't have any more would cover nothing, so nothing may go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.audio_alone import audio_policies
from tests.world import DAY, HOUR, World, now

from retention.datamap.loader import DataMap
from retention.disposal.execute import execute_plan
from retention.disposal.plan import PlanSummary, make_plan
from retention.errors import GuardError
from retention.policy.loader import Policy, load_policy

Plan = Callable[..., PlanSummary]


def renamed(world: World, name: str = "call_recordings", category: str = "audio") -> DataMap:
    """The map with another name for its place, or for its category."""
    place = world.datamap.places["call_recordings"]
    spec = place.spec.model_copy(update={"category": category})
    return replace(world.datamap, places={name: replace(place, name=name, spec=spec)})


def policy_of_voice(folder: Path) -> Policy:
    """The shipped policy, whose category audio is called voice by now."""
    audio_policies(folder / "policies")
    rule, promises = (folder / "policies" / name for name in ("audio.yaml", "promises.yaml"))
    text = rule.read_text(encoding="utf-8").replace("category: audio", "category: voice")
    rule.write_text(text.replace("clause: audio", "clause: voice"), encoding="utf-8")
    text = promises.read_text(encoding="utf-8")
    promises.write_text(text.replace("\n  audio:\n", "\n  voice:\n"), encoding="utf-8")
    return load_policy(folder / "policies")


@pytest.mark.parametrize("coverage", ["rows", "listing"])
@pytest.mark.parametrize("named_by", ["recording_id", "key"])
def test_a_renamed_place_that_a_hold_names_stops_plan_and_execution(
    world: World, plan: Plan, coverage: str, named_by: str
) -> None:
    held, due = (world.add_recording(age=40 * DAY) for _ in range(2))
    planned = plan(coverage)
    world.add_hold(place="call_recordings", item_id=getattr(held, named_by))
    world.datamap = renamed(world, name="recordings_of_calls")
    refused = r"place 'call_recordings'; 1 in all.*old name"
    with pytest.raises(GuardError, match=refused):
        plan(coverage)
    with pytest.raises(GuardError, match=refused):
        execute_plan(world.runtime(), planned.plan_id, planned.digest)
    assert world.is_there(held) and world.is_there(due)


@pytest.mark.parametrize(
    "its_rule", [pytest.param("renamed", id="renamed_too"), pytest.param("kept", id="kept_beside")]
)
def test_a_renamed_category_that_a_hold_names_stops_the_plan(world: World, tmp_path: Path, its_rule: str) -> None:
    recording = world.add_recording(age=40 * DAY)
    world.add_hold(category="audio", tenant_id="t1")
    world.datamap = renamed(world, category="voice")
    policy = policy_of_voice(tmp_path)
    if its_rule == "kept":
        policy = replace(policy, rules={**world.runtime().policy.rules, **policy.rules})
    with pytest.raises(GuardError, match="category 'audio'; 1 in all"):
        make_plan(world.runtime(policy=policy), "voice", as_of=now(), run_id="run/1", requested_by="anna")
    assert world.is_there(recording)


@pytest.mark.parametrize(
    ("columns", "stops"),
    [
        pytest.param({"approved_by": None}, True, id="waits_for_approval"),
        pytest.param({"effective_at": now() + HOUR}, True, id="begins_later"),
        pytest.param({"ended_at": now() - HOUR, "ended_by": "ben"}, False, id="ended"),
        pytest.param({"ends_at": now() - HOUR}, False, id="lapsed"),
        pytest.param({"ends_at": None, "review_at": now() - HOUR}, False, id="review_missed"),
    ],
)
def test_only_holds_that_hold_or_may_come_to_stop_anything(
    world: World, plan: Plan, columns: dict[str, Any], stops: bool
) -> None:
    world.add_recording(age=40 * DAY)
    world.add_hold(**{"category": "voicemail", "effective_at": now() - 2 * HOUR, **columns})
    if stops:
        with pytest.raises(GuardError, match="category 'voicemail'"):
            plan()
    else:
        assert plan().due == 1


def test_a_hold_on_a_place_under_another_category_than_its_own_stops_the_plan(world: World, plan: Plan) -> None:
    world.add_hold(place="call_recordings", category="voicemail", item_id="7")
    with pytest.raises(GuardError, match="category 'voicemail' and place 'call_recordings'"):
        plan()
