"""A source whose clock is a little ahead stamps what is to come: nothing goes because of it that should stay."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from tests.skewed_clock import skew
from tests.table_world import TableWorld
from tests.world import DAY, HOUR, Recording, World, now

from retention.disposal.execute import execute_plan
from retention.disposal.plan import make_plan
from retention.errors import GuardError

MINUTE = timedelta(minutes=1)
AHEAD = 4 * MINUTE  # the shipped rule's clock_skew is 10 minutes
COVERAGES = pytest.mark.parametrize("coverage", ["rows", "listing"])


def later() -> datetime:
    """An instant at which what the source has stamped ahead has passed."""
    return now() + AHEAD + MINUTE


def stamped_ahead(world: World, ahead: timedelta = AHEAD) -> Recording:
    """A call of twelve minutes ago whose transcription has finished, by a clock that is ahead."""
    return world.add_recording(age=12 * MINUTE, transcribed_ago=-ahead)


def consented(world: World, recording: Recording, given_ago: timedelta = 11 * MINUTE) -> None:
    world.add_consent(recording, "caller", given_ago=given_ago)
    world.add_consent(recording, "customer", given_ago=300 * DAY)


def dispose(world: World, coverage: str, clock: Callable[[], datetime] = now) -> tuple[int, dict[str, int]]:
    """Plan and execute at the clock's time; gives how many items went, and what stayed by reason."""
    runtime = world.runtime(now=clock)
    plan = make_plan(
        runtime, "audio", as_of=clock(), run_id=f"run/{uuid.uuid4()}", requested_by="anna", coverage=coverage
    )
    return execute_plan(runtime, plan.plan_id, plan.digest).gone, plan.kept_by_reason


@COVERAGES
def test_consents_given_in_the_call_keep_what_a_clock_ahead_has_stamped(
    world: World, settle: Callable[[], None], coverage: str
) -> None:
    recording = stamped_ahead(world)
    consented(world, recording)
    settle()
    gone, kept = dispose(world, coverage)
    assert (gone, world.is_there(recording)) == (0, True)
    assert coverage == "listing" or kept == {"not_due": 1}
    gone, kept = dispose(world, coverage, later)
    assert (gone, world.is_there(recording)) == (0, True)
    assert coverage == "listing" or kept == {"consent": 1}


def test_a_consent_that_the_same_clock_has_stamped_counts(world: World, settle: Callable[[], None]) -> None:
    recording = stamped_ahead(world)
    consented(world, recording, given_ago=-AHEAD / 2)
    settle()
    assert dispose(world, "rows") == (0, {"not_due": 1})
    assert dispose(world, "rows", later) == (0, {"consent": 1})
    assert world.is_there(recording)


def test_without_consents_it_goes_once_its_time_has_come(world: World, settle: Callable[[], None]) -> None:
    recording = stamped_ahead(world)
    settle()
    assert dispose(world, "rows") == (0, {"not_due": 1})
    assert world.is_there(recording)
    assert dispose(world, "rows", later) == (1, {})
    assert not world.is_there(recording)


def test_what_lies_further_ahead_than_the_clock_skew_is_dated_by_the_evidence(
    world: World, settle: Callable[[], None]
) -> None:
    recording = stamped_ahead(world, ahead=HOUR)
    settle()
    assert dispose(world, "rows") == (1, {})
    assert not world.is_there(recording)


WRONG = pytest.mark.parametrize(
    "ahead", [pytest.param(11 * MINUTE, id="ahead"), pytest.param(-11 * MINUTE, id="behind")]
)


@WRONG
def test_nothing_is_planned_while_the_clock_of_the_recordings_database_is_wrong(
    world: World, settle: Callable[[], None], ahead: timedelta
) -> None:
    recording = world.add_recording(age=40 * DAY)
    settle()
    skew(world.company, ahead)
    with pytest.raises(GuardError, match="the database of call_recordings"):
        dispose(world, "rows")
    assert world.is_there(recording)


@WRONG
def test_nothing_is_planned_while_the_clock_of_a_tables_database_is_wrong(tables: TableWorld, ahead: timedelta) -> None:
    tables.add_contract("alpha", ended_ago=40 * DAY)
    tables.add_transcript("alpha")
    skew(tables.company, ahead)
    with pytest.raises(GuardError, match="the store of transcripts"):
        tables.plan("transcript")


def test_a_database_clock_within_the_skew_changes_nothing(world: World, settle: Callable[[], None]) -> None:
    recording = world.add_recording(age=40 * DAY)
    settle()
    skew(world.company, 9 * MINUTE)
    assert dispose(world, "rows") == (1, {})
    assert not world.is_there(recording)
