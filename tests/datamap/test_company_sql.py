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
    by_disposal = consent_ends(world, "consents_sql", "ends_at", recording.key)
    by_check = consent_ends(world, "check_consents_sql", "contract_ended_at", recording.key)
    assert len(by_disposal) == 2
    assert by_disposal == by_check
    planned = make_plan(world.runtime(), "audio", as_of=now(), run_id="run/1", requested_by="anna")
    assert (planned.due, planned.kept_by_reason) == ((0, {"consent": 1}) if kept else (1, {}))
