"""What is noted as removed is what this product removed, and previews leave runs alone that wait for their retry."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from tests.log_world import DAY, LogWorld
from tests.table_world import TableWorld
from tests.world import HOUR, now

from retention.disposal.execute import DisposalSummary, execute_plan
from retention.disposal.plan import PlanSummary, make_plan
from retention.disposal.refusals import is_refusal
from retention.errors import PartlyFailedError, PlanError


class Killed(BaseException):
    """Ends a run as a signal does: nothing of ours catches it."""


def at(step: str) -> Callable[[str], None]:
    def killed(reached: str) -> None:
        if reached == step:
            raise Killed

    return killed


def kill_at(tables: TableWorld, plan: PlanSummary, step: str) -> None:
    with pytest.raises(Killed):
        execute_plan(replace(tables.runtime, on_step=at(step)), plan.plan_id, plan.digest)


def preview(tables: TableWorld) -> PlanSummary:
    return make_plan(tables.runtime, "marketing", as_of=now(), run_id="preview/1", requested_by="otto")


def retry(tables: TableWorld, plan: PlanSummary) -> DisposalSummary:
    return execute_plan(tables.runtime, plan.plan_id, plan.digest)


@pytest.fixture
def waiting(tables: TableWorld) -> PlanSummary:
    """A plan of five contacts."""
    for number in range(5):
        tables.add_contact(number, email=f"a{number}@example.com", withdrawn_at=now() - HOUR)
    return tables.plan("marketing")


def disposed(tables: TableWorld, plan: UUID) -> int:
    query = "SELECT count(*) AS items FROM retention.disposed_items WHERE plan_id = %s"
    return int(tables.own_sql(query, plan)[0]["items"])


def entries(tables: TableWorld, kind: str) -> list[dict[str, Any]]:
    rows = tables.own_sql("SELECT body FROM retention.ledger WHERE kind = %s ORDER BY seq", kind)
    return [json.loads(row["body"]) for row in rows]


def test_file_that_was_refused_and_that_somebody_removed_is_not_ours(log_world: LogWorld) -> None:
    path = log_world.write("app.log", log_world.lines(20 * DAY))
    (log_world.path / "kept-elsewhere").hardlink_to(path)
    time.sleep(0.02)
    plan = log_world.plan()
    with pytest.raises(PartlyFailedError, match="OtherNames"):
        execute_plan(log_world.runtime(), plan.plan_id, plan.digest)
    path.unlink()
    summary = execute_plan(log_world.runtime(), plan.plan_id, plan.digest)
    assert (summary.gone, summary.recovered, summary.spared) == (0, 0, {"already_gone": 1})
    assert log_world.own_sql("SELECT count(*) AS n FROM retention.disposed_items") == [{"n": 0}]


@pytest.mark.parametrize(
    "superseded", [pytest.param(False, id="by_its_retry"), pytest.param(True, id="by_the_next_run")]
)
def test_row_that_was_refused_and_that_somebody_removed_is_not_ours(
    tables: TableWorld, waiting: PlanSummary, superseded: bool
) -> None:
    tables.sql("CREATE TABLE mails (contact_id bigint REFERENCES contacts)")
    tables.sql("INSERT INTO mails VALUES (1)")
    with pytest.raises(PartlyFailedError, match="23503"):
        retry(tables, waiting)
    tables.sql("DROP TABLE mails")
    tables.sql("DELETE FROM contacts")
    if superseded:
        tables.plan("marketing")
        (entry,) = entries(tables, "recovery")
        assert (entry["recovered"], entry["already_gone"], entry["still_there"]) == (0, 1, 0)
    else:
        summary = retry(tables, waiting)
        assert (summary.gone, summary.recovered, summary.spared) == (4, 0, {"already_gone": 1})
    assert disposed(tables, waiting.plan_id) == 4


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        pytest.param("23503", True, id="foreign_key"),
        pytest.param("55P03", True, id="locked"),
        pytest.param("OtherNames", True, id="file_with_other_names"),
        pytest.param("AccessDenied", True, id="object_without_right"),
        pytest.param("08006", False, id="lost_connection"),
        pytest.param("57P01", False, id="server_ended"),
        pytest.param("still_there", False, id="seen_afterwards"),
        pytest.param("InternalError", False, id="fault_of_the_store"),
        pytest.param("ReadTimeoutError", False, id="no_answer"),
        pytest.param(None, False, id="no_code"),
    ],
)
def test_what_is_not_surely_a_refusal_is_left_open(code: str | None, refused: bool) -> None:
    assert is_refusal(code, by_database=True) is refused


def test_a_refused_row_says_nothing_of_its_object_whose_bytes_went_before() -> None:
    assert not is_refusal("23503", by_database=False)


def test_preview_takes_no_run_away_that_waits_for_its_retry(tables: TableWorld, waiting: PlanSummary) -> None:
    kill_at(tables, waiting, "intent_recorded")
    shown = preview(tables)
    execute_plan(tables.runtime, shown.plan_id, shown.digest, dry_run=True)
    assert entries(tables, "plan_abandoned") == []
    assert retry(tables, waiting).gone == 5


def test_preview_that_is_executed_after_all_supersedes_the_run_before(tables: TableWorld, waiting: PlanSummary) -> None:
    kill_at(tables, waiting, "rows_removed")
    shown = preview(tables)
    retry(tables, shown)
    with pytest.raises(PlanError):
        retry(tables, waiting)
    assert disposed(tables, waiting.plan_id) + disposed(tables, shown.plan_id) == 5
