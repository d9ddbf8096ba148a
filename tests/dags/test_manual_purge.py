"""The DAG for manual purges: only another person's recorded approval of exactly the preview deletes anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.world import DAY, Recording, World

from retention.orchestration import four_eyes, purge_approval, purge_steps
from retention.orchestration.purge_approval import PurgeApproval

ROOT = Path(__file__).resolve().parents[2]
FORM: dict[str, Any] = {
    "category": "audio",
    "tenant_id": None,
    "person_id": None,
    "item_id": None,
    "started_from": None,
    "started_before": None,
    "reason": "customer's letter",
    "ticket": "T-17",
    "preview_only": False,
}


@pytest.fixture
def recording(company: World, settle: Callable[[], None]) -> Recording:
    """One that is not due by its rule."""
    found = company.add_recording(age=5 * DAY)
    settle()
    return found


def previewed(by: str | None = "anna", run_id: str = "manual__1", **form: Any) -> dict[str, Any]:
    run = SimpleNamespace(run_id=run_id, triggering_user_name=by)
    return purge_steps.plan("manual_purge", run, FORM | {"tenant_id": "t1"} | form)


def context(preview: dict[str, Any], first: str | None = None) -> Any:
    results = {"preview": preview, "approve": {"approved_by": first}}
    return {"ti": SimpleNamespace(xcom_pull=lambda task_ids: results[task_ids]), "run_id": "manual__1"}


def answer(preview: dict[str, Any], person: str | None, *, option: str = "Approve", first: str | None = None) -> Any:
    """What Airflow hands on of an answer; nobody's is the default of an answer that didn't come in time."""
    number = 1 if first is None else 2
    task = PurgeApproval(task_id=f"t{number}", number=number, earlier="approve" if first is not None else None)
    event = {
        "chosen_options": [option],
        "params_input": {},
        "responded_at": datetime.now(UTC),
        "responded_by_user": {"id": "7", "name": person} if person is not None else None,
    }
    return task.execute_complete(context(preview, first), event)


def failed() -> type[Exception]:
    from airflow.sdk.exceptions import AirflowFailException

    return AirflowFailException


def skipped() -> type[Exception]:
    from airflow.sdk.exceptions import AirflowSkipException

    return AirflowSkipException


def delete(preview: dict[str, Any]) -> dict[str, Any]:
    return purge_steps.execute(preview, "manual_purge")


def kinds(company: World) -> list[str]:
    return [row["kind"] for row in company.own_sql("SELECT kind FROM retention.ledger ORDER BY seq")]


def test_what_another_person_approved_goes(company: World, recording: Recording) -> None:
    preview = previewed()
    assert (preview["goes"], preview["requested_by"]) == (1, "anna")
    assert answer(preview, "ben") == {"approved_by": "ben"}
    assert delete(preview)["gone"] == 1
    assert not company.is_there(recording)
    [entry] = [
        json.loads(row["body"]) for row in company.own_sql("SELECT body FROM retention.ledger WHERE kind = 'approval'")
    ]
    assert (entry["by"], entry["via"], entry["digest"]) == ("ben", "airflow", preview["digest"])


@pytest.mark.parametrize("person", ["anna", " ANNA"])
def test_who_asked_can_not_approve(company: World, recording: Recording, person: str) -> None:
    preview = previewed()
    with pytest.raises(failed(), match="second person"):
        answer(preview, person)
    with pytest.raises(failed(), match="0 of 1 approvals"):
        delete(preview)
    assert company.is_there(recording)


def test_an_approval_that_was_only_marked_as_done_deletes_nothing(company: World, recording: Recording) -> None:
    preview = previewed()
    with pytest.raises(failed(), match="0 of 1 approvals"):
        delete(preview)
    assert company.is_there(recording)


@pytest.mark.parametrize(
    ("person", "option"),
    [pytest.param("ben", "Reject", id="rejected"), pytest.param(None, "Reject", id="nobody_answered_in_time")],
)
def test_a_no_skips_the_rest_and_deletes_nothing(
    company: World, recording: Recording, person: str | None, option: str
) -> None:
    preview = previewed()
    with pytest.raises(skipped()):
        answer(preview, person, option=option)
    assert "purge_refused" in kinds(company)
    with pytest.raises(failed(), match="0 of 1 approvals"):
        delete(preview)
    assert company.is_there(recording)


def test_an_approval_by_nobody_is_none(company: World, recording: Recording) -> None:
    with pytest.raises(failed(), match="nobody"):
        answer(previewed(), None)
    assert "approval" not in kinds(company)


def test_the_second_approval_is_a_third_persons(company: World, recording: Recording) -> None:
    preview = previewed() | {"approvals_needed": 2}
    answer(preview, "ben")
    with pytest.raises(failed(), match="same person again"):
        answer(preview, "ben", first="ben")
    assert answer(preview, "carl", first="ben") == {"approved_by": "carl"}


def test_a_purge_that_nobody_asked_for_is_refused(company: World, recording: Recording) -> None:
    with pytest.raises(failed(), match="nobody asked for"):
        previewed(by=None)


def test_an_empty_form_is_refused_and_never_means_all(company: World, recording: Recording) -> None:
    with pytest.raises(failed(), match="never means all"):
        previewed(tenant_id=None)


def test_what_is_handed_on_has_no_id_that_was_entered(company: World, recording: Recording) -> None:
    preview = previewed(tenant_id=None, item_id=recording.recording_id)
    assert preview["goes"] == 1
    assert recording.recording_id not in json.dumps(preview)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        pytest.param({"preview_only": True}, "preview alone", id="preview_only"),
        pytest.param({"goes": 0}, "nothing that was asked for may go", id="nothing_goes"),
    ],
)
def test_nobody_is_asked_in_vain(company: World, recording: Recording, changed: dict[str, Any], words: str) -> None:
    task = PurgeApproval(task_id="approve", number=1)
    with pytest.raises(skipped(), match=words):
        task.execute(context(previewed() | changed))


def test_the_approver_sees_counts_and_digest_and_who_asked_is_left_out(
    company: World, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(
        "airflow.providers.standard.operators.hitl.upsert_hitl_detail", lambda **fields: asked.update(fields)
    )
    preview, task = previewed() | {"approvals_needed": 2}, PurgeApproval(task_id="again", number=2, earlier="approve")
    found = context(preview, "ben")
    found["ti"] = SimpleNamespace(**(vars(found["ti"]) | {"id": "1", "task_id": "again"}))
    found["task_instance"] = found["ti"]
    with pytest.raises(BaseException) as waits:  # noqa: PT011  # Airflow's own signal to park the task
        task.execute(found)
    assert type(waits.value).__name__ == "TaskAwaitingInput"
    assigned = [one["id"] for one in asked["assigned_users"]]
    assert four_eyes.is_four_eyes(assigned)
    assert sorted(four_eyes.left_out(assigned)) == ["anna", "ben"]
    assert asked["defaults"] == [purge_approval.REJECT]
    assert preview["digest"] in asked["body"] and "1 items of category audio would go" in asked["body"]


def test_requests_wait_beside_each_other_and_the_form_needs_nothing_but_a_reason() -> None:
    from airflow.dag_processing.dagbag import DagBag

    dag: Any = DagBag(dag_folder=str(ROOT / "dags" / "manual_purge.py")).dags["manual_purge"]
    assert dag.max_active_runs > 1 and dag.timetable.can_be_scheduled is False
    assert dag.params["preview_only"] is True
    assert {name for name in (*purge_steps.SCOPE, *purge_steps.DATES) if dag.params[name] is not None} == set()
    for task_id in ("approve", "approve_again"):
        task = dag.get_task(task_id)
        assert task.trigger_rule == "all_success" and task.response_timeout is not None and task.retries == 0
    assert dag.get_task("delete").trigger_rule == "all_success"
