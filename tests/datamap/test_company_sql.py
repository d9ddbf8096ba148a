"""The shipped SQL of disposal and of the check, written apart, say the same about when a consent ends with the contracts."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from tests.world import DAY, World, now

from retention.disposal.plan import make_plan

YESTERDAY, TOMORROW = timedelta(days=-1), timedelta(days=1)


def contracts(world: World, tenant: str, ends: list[timedelta | None]) -> None:
    for end in ends:
        ended_at = now() + end if end is not None else None
        world.sql("INSERT INTO contracts VALUES (%s, %s, %s, %s)", uuid.uuid4(), tenant, now() - 700 * DAY, ended_at)


def consent_ends(world: World, file: str, column: str, key: str) -> list[datetime | None]:
    text = getattr(world.datamap.places["call_recordings"], file)
    rows = world.sql(f"SELECT {column} FROM ({text}\n) AS c WHERE c.object_key = %s", key)
    return [row[0] for row in rows]


def ends_of(world: World, key: str) -> datetime | None:
    """When the consents of this object end with the contracts; both files must say the same of each."""
    by_disposal = consent_ends(world, "consents_sql", "ends_at", key)
    by_check = consent_ends(world, "check_consents_sql", "contract_ended_at", key)
    assert len(by_disposal) == 2 and by_disposal == by_check
    (found,) = set(by_disposal)
    return found


@pytest.mark.parametrize(
    ("ends", "kept"),
    [
        pytest.param([], True, id="no_contract_known"),
        pytest.param([None], True, id="running"),
        pytest.param([YESTERDAY, None], True, id="one_running"),
        pytest.param([TOMORROW], True, id="ends_tomorrow"),
        pytest.param([YESTERDAY, TOMORROW], True, id="the_last_ends_tomorrow"),
        pytest.param([YESTERDAY, 2 * YESTERDAY], False, id="all_ended"),
    ],
)
def test_consents_end_with_the_last_contract_and_never_with_one_that_is_missing(
    world: World, ends: list[timedelta | None], kept: bool
) -> None:
    world.add_tenant("t9", contract=False)
    contracts(world, "t9", ends)
    recording = world.add_recording(age=40 * DAY, tenant="t9")
    for party in ("caller", "customer"):
        world.add_consent(recording, party, given_ago=39 * DAY)
    ends_of(world, recording.key)
    planned = make_plan(world.runtime(), "audio", as_of=now(), run_id="run/1", requested_by="anna")
    assert (planned.due, planned.kept_by_reason) == ((0, {"consent": 1}) if kept else (1, {}))


SECOND = timedelta(seconds=1)
GIVEN = timedelta(days=-60)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        pytest.param([(-500, -10)], -10, id="one_that_ended"),
        pytest.param([(-500, -40), (-39, None)], None, id="followed_after_exactly_one_day"),
        pytest.param([(-500, -40), (-39 * DAY + SECOND, None)], -40, id="followed_a_second_later"),
        pytest.param([(-500, -40), (-20, None)], -40, id="revived_by_nothing"),
        pytest.param([(-500, -40), (-20, -10)], -40, id="nor_by_one_that_ended_too"),
        pytest.param([(-30, -10), (-5, None)], -10, id="given_before_the_first"),
        pytest.param([(-500, -100), (-90, None)], None, id="given_after_a_gap_in_the_next"),
        pytest.param([(-500, -100), (-30, None)], None, id="given_in_the_gap"),
        pytest.param([(-500, -100)], -100, id="given_after_the_last"),
        pytest.param([(-500, -60), (-30, None)], -60, id="given_at_the_very_end"),
        pytest.param([(-500, -40), (-400, -20), (-300, -50)], -20, id="several_overlapping"),
        pytest.param([(-500, -40), (-400, -20), (-18, None)], -20, id="the_last_of_several_then_a_gap"),
        pytest.param([(-500, -40), (-500, -40)], -40, id="two_that_ended_together"),
        pytest.param([(-500, -40), (-40, -39), (-38, 5)], 5, id="a_chain_whose_end_lies_ahead"),
    ],
)
def test_a_consent_ends_with_the_first_contract_that_no_other_follows_within_a_day(
    world: World, terms: list[tuple[int | timedelta, int | None]], expected: int | None
) -> None:
    world.add_tenant("t9", contract=False)
    at = now()
    for started, ended in terms:
        started_at = at + (started if isinstance(started, timedelta) else started * DAY)
        ended_at = at + ended * DAY if ended is not None else None
        world.sql("INSERT INTO contracts VALUES (%s, 't9', %s, %s)", uuid.uuid4(), started_at, ended_at)
    recording = world.add_recording(age=61 * DAY, tenant="t9")
    for party in ("caller", "customer"):
        world.add_consent(recording, party, given_ago=60 * DAY)
    world.sql("UPDATE consents SET given_at = %s", at + GIVEN)
    assert ends_of(world, recording.key) == (at + expected * DAY if expected is not None else None)
