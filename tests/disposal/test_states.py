"""How far a plan has come stands with its batches; only what differs from its batch is written at the item."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from tests.table_world import TableWorld
from tests.world import DAY

from retention import database
from retention.database import OwnConnection
from retention.disposal import due_rows, states
from retention.disposal.execute import execute_plan
from retention.disposal.kinds import kind_of
from retention.disposal.lines import DueItem, Line, Tally
from retention.disposal.locking import WHOLE
from retention.disposal.preflight import check_places
from retention.disposal.reading import Reading
from retention.errors import PartlyFailedError, UnknownError


@pytest.fixture
def own(tables: TableWorld) -> Iterator[OwnConnection]:
    with database.connect(tables.runtime.own_conninfo) as connection:
        yield connection


@pytest.fixture
def plan_id(tables: TableWorld) -> UUID:
    """A plan of three items in one batch."""
    tables.add_contract("t1", 40 * DAY)
    for _ in range(3):
        tables.add_transcript("t1", segments=0)
    return tables.plan("transcript").plan_id


def lines_of(own: OwnConnection, plan_id: UUID) -> list[Line]:
    return states.open_lines(own, plan_id, 0)


def counts(own: OwnConnection, plan_id: UUID) -> dict[str, int]:
    return {row["state"]: row["items"] for row in states.count_states(own, plan_id, WHOLE)}


def written(own: OwnConnection, plan_id: UUID) -> list[str | None]:
    query = "SELECT state FROM retention.plan_items WHERE plan_id = %s ORDER BY item_id"
    return [row["state"] for row in own.execute(query, (plan_id,))]


def test_batch_that_goes_as_planned_writes_no_item(own: OwnConnection, plan_id: UUID) -> None:
    lines = lines_of(own, plan_id)
    states.mark_intended(own, plan_id, 0, due=3, kept=[])
    assert counts(own, plan_id) == {"intended": 3}
    states.write_outcomes(own, plan_id, 0, dict.fromkeys(lines, ("gone", None)))
    assert counts(own, plan_id) == {"gone": 3}
    assert written(own, plan_id) == [None, None, None]
    assert states.open_batches(own, plan_id, WHOLE) == []


def test_what_is_kept_stays_as_far_as_it_has_come(own: OwnConnection, plan_id: UUID) -> None:
    ids = [line.item_id for line in lines_of(own, plan_id)]
    states.mark_intended(own, plan_id, 0, due=2, kept=ids[:1])
    assert [line.was_tried for line in lines_of(own, plan_id)] == [False, True, True]
    states.mark_intended(
        own, plan_id, 0, due=1, kept=ids[1:]
    )  # after a kill: the first one is due by now, the others are not
    assert counts(own, plan_id) == {"intended": 3}, "an earlier try may have removed what is kept now"


def test_what_failed_is_tried_again_by_itself(own: OwnConnection, plan_id: UUID) -> None:
    first, second, third = lines_of(own, plan_id)
    states.mark_intended(own, plan_id, 0, due=3, kept=[])
    outcomes = {first: ("gone", None), second: ("failed", "23503"), third: ("spared", "legal_hold")}
    states.write_outcomes(own, plan_id, 0, outcomes)
    assert counts(own, plan_id) == {"gone": 1, "failed": 1, "spared": 1}
    (again,) = lines_of(own, plan_id)
    assert (again.item_id, again.outcome, again.was_tried) == (second.item_id, "23503", False)
    states.mark_intended(own, plan_id, 0, due=1, kept=[])
    assert counts(own, plan_id) == {"gone": 1, "intended": 1, "spared": 1}
    states.write_outcomes(own, plan_id, 0, {again: ("gone", None)})
    assert counts(own, plan_id) == {"gone": 2, "spared": 1}


def test_items_that_others_changed_meanwhile_are_noticed_before_and_after(own: OwnConnection, plan_id: UUID) -> None:
    lines = lines_of(own, plan_id)
    with pytest.raises(UnknownError, match="found 3 lines of the batch; expected 2"):
        states.mark_intended(own, plan_id, 0, due=2, kept=[])
    states.mark_intended(own, plan_id, 0, due=3, kept=[])
    with pytest.raises(UnknownError, match="found 2 lines of the batch; expected 1"):
        states.write_outcomes(own, plan_id, 0, {lines[0]: ("spared", "x"), lines[1]: ("gone", None)})


def test_untried_items_go_with_their_batches_and_tried_ones_stay(own: OwnConnection, plan_id: UUID) -> None:
    lines = lines_of(own, plan_id)
    states.mark_intended(own, plan_id, 0, due=1, kept=[line.item_id for line in lines[1:]])
    states.discard_untried(own, plan_id)
    assert [line.item_id for line in states.tried_lines(own, plan_id, 0)] == [lines[0].item_id]
    states.discard_tried(own, plan_id, 0)
    states.discard_untried(own, plan_id)
    left = "SELECT (SELECT count(*) FROM retention.plan_items) + (SELECT count(*) FROM retention.plan_batches) AS left"
    assert own.execute(left).fetchone() == {"left": 0}


def test_rows_copied_into_a_plan_are_those_that_are_read_one_by_one(tables: TableWorld, own: OwnConnection) -> None:
    tables.add_contract("t1", 40 * DAY)
    for _ in range(5):
        tables.add_transcript("t1", segments=0)
    plan = tables.plan("transcript")
    rule = tables.runtime.policy.rule("transcript")
    (checked,) = check_places(tables.runtime, rule)
    reading = Reading.take(tables.runtime, own, rule, checked, plan.as_of)
    one_by_one = list(kind_of(checked.place).due_items(reading, own, "rows", Tally()))
    columns = ", ".join(DueItem._fields)
    query = f"SELECT {columns} FROM retention.plan_items ORDER BY object_key"
    assert [DueItem(**row) for row in own.execute(query.encode())] == one_by_one


def test_rows_are_counted_as_of_the_instant_in_which_they_are_planned(
    tables: TableWorld, own: OwnConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count_later(*args: Any) -> Any:
        tables.add_transcript("t1", segments=0)
        return counts_of(*args)

    tables.add_contract("t1", 40 * DAY)
    tables.add_transcript("t1", segments=0)
    counts_of = due_rows._counts
    monkeypatch.setattr(due_rows, "_counts", count_later)
    plan = tables.plan("transcript")
    assert (plan.due, plan.considered) == (1, 1)


def test_sessions_with_the_source_end_with_the_execution(tables: TableWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retention.disposal.tables.TableKind.batch_items", 1)
    tables.add_contract("t1", 40 * DAY)
    keys = [tables.add_transcript("t1") for _ in range(4)]
    tables.sql("CREATE TABLE exports (transcript_id uuid REFERENCES transcripts)")
    tables.sql("INSERT INTO exports VALUES (%s)", keys[0])
    plan = tables.plan("transcript")
    with pytest.raises(PartlyFailedError):
        execute_plan(tables.runtime, plan.plan_id, plan.digest, threads=2)
    mine = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    until = time.monotonic() + 10  # the server ends a session a moment after it was told
    while tables.sql(mine) != [(0,)] and time.monotonic() < until:
        time.sleep(0.05)
    assert tables.sql(mine) == [(0,)]
