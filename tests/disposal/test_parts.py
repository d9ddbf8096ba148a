"""A plan that several runs execute together: each its batches, nothing twice, and one closes it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from tests.table_world import TableWorld
from tests.world import DAY

from retention.disposal.approval import approve_plan
from retention.disposal.execute import close_plan, execute_plan
from retention.disposal.locking import Part
from retention.disposal.plan import PlanSummary
from retention.errors import BusyError, GuardError, PartlyFailedError, PlanError


@pytest.fixture
def plan(tables: TableWorld, monkeypatch: pytest.MonkeyPatch) -> PlanSummary:
    """Nine transcripts in five batches."""
    monkeypatch.setattr("retention.disposal.tables.TableKind.batch_items", 2)
    tables.add_contract("t1", 40 * DAY)
    for _ in range(9):
        tables.add_transcript("t1", segments=0)
    return tables.plan("transcript")


def test_parts_at_once_do_each_item_once_and_leave_the_plan_to_be_closed(tables: TableWorld, plan: PlanSummary) -> None:
    def execute(number: int) -> int:
        return execute_plan(tables.runtime, plan.plan_id, plan.digest, part=Part(number, 3)).gone

    with ThreadPoolExecutor(3) as threads:
        gone = list(threads.map(execute, range(3)))
    assert (sum(gone), min(gone) > 0) == (9, True)
    assert tables.count("transcripts") == 0
    assert tables.own_sql("SELECT state FROM retention.plans") == [{"state": "executing"}]
    closed = close_plan(tables.runtime, plan.plan_id)
    assert (closed.planned, closed.gone, closed.failed) == (9, 9, 0)
    assert tables.own_sql("SELECT state FROM retention.plans") == [{"state": "done"}]
    assert tables.own_sql("SELECT 1 AS left FROM retention.plan_items") == []
    assert close_plan(tables.runtime, plan.plan_id).gone == closed.gone


def test_plan_is_not_closed_as_done_while_a_part_is_missing(tables: TableWorld, plan: PlanSummary) -> None:
    done = execute_plan(tables.runtime, plan.plan_id, plan.digest, part=Part(0, 2)).gone
    with pytest.raises(PartlyFailedError) as left:
        close_plan(tables.runtime, plan.plan_id)
    assert left.value.summary.failures == {"planned": 9 - done}  # type: ignore[attr-defined]
    execute_plan(tables.runtime, plan.plan_id, plan.digest, part=Part(1, 2))
    assert close_plan(tables.runtime, plan.plan_id).gone == 9


def test_neither_the_whole_plan_nor_the_same_part_runs_beside_a_part(tables: TableWorld, plan: PlanSummary) -> None:
    refused = []

    def meanwhile(step: str) -> None:
        if step != "locked":
            return
        for part in (Part(0, 1), Part(0, 2)):
            with pytest.raises(BusyError):
                execute_plan(tables.runtime, plan.plan_id, plan.digest, part=part)
        with pytest.raises(BusyError):
            close_plan(tables.runtime, plan.plan_id)
        refused.append(step)

    execute_plan(replace(tables.runtime, on_step=meanwhile), plan.plan_id, plan.digest, part=Part(0, 2), threads=1)
    assert refused


def test_part_that_is_done_is_done_again_without_harm(tables: TableWorld, plan: PlanSummary) -> None:
    first = execute_plan(tables.runtime, plan.plan_id, plan.digest, part=Part(0, 2))
    again = execute_plan(tables.runtime, plan.plan_id, plan.digest, part=Part(0, 2))
    assert (again.planned, again.gone) == (first.planned, first.gone)


def test_plan_that_waits_for_its_approval_is_not_closed_and_can_still_be_approved(
    tables: TableWorld, plan: PlanSummary
) -> None:
    tables.own_sql("UPDATE retention.plans SET blocked_reason = 'volume limit' WHERE plan_id = %s", plan.plan_id)
    with pytest.raises(GuardError, match="blocked"):
        execute_plan(tables.runtime, plan.plan_id, plan.digest, part=Part(0, 2))
    with pytest.raises(PlanError, match="is ready"):
        close_plan(tables.runtime, plan.plan_id)
    with tables.runtime.own() as own:
        approve_plan(own, plan.plan_id, plan.digest, approved_by="ben", reason="looked at")
    for number in range(2):
        execute_plan(tables.runtime, plan.plan_id, plan.digest, part=Part(number, 2))
    assert close_plan(tables.runtime, plan.plan_id).gone == 9
