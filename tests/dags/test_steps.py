"""The tasks' bodies on a small company, reached as in Airflow: connections come from AIRFLOW_CONN_*."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from tests.dags.company import as_json
from tests.world import HOUR, Recording, World

from retention.errors import StoreUnreadable, UnknownError
from retention.orchestration import failures, steps

OVERDUE = timedelta(days=40)
SECRET_WORDS = "recordings/t1/someone.wav"


@pytest.fixture
def recording(company: World, settle: Callable[[], None]) -> Recording:
    """One that is overdue; no plan made from now on takes it for newer than itself."""
    recording = company.add_recording(age=OVERDUE)
    settle()
    return recording


def run(run_id: str = "manual__1", by: str | None = None) -> Any:
    return SimpleNamespace(run_id=run_id, triggering_user_name=by)


def planned(run_id: str = "manual__1", by: str | None = None) -> dict[str, Any]:
    return steps.plan_disposal("audio", "rows", "dispose_audio", run(run_id, by))


def fail_fast() -> type[Exception]:
    from airflow.sdk.exceptions import AirflowFailException

    return AirflowFailException


def test_in_enforce_what_is_due_goes(company: World, recording: Recording, caplog: pytest.LogCaptureFixture) -> None:
    kept = company.add_recording(age=HOUR)
    caplog.set_level(logging.INFO)
    result = steps.execute_disposal(planned())
    assert (result["planned"], result["gone"], result["dry_run"]) == (1, 1, False)
    assert not company.is_there(recording)
    assert company.is_there(kept)
    assert "1 planned, 1 gone" in caplog.text


def test_in_observe_nothing_goes_and_the_log_says_what_would(
    company: World, recording: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    company.set_mode("observe")
    caplog.set_level(logging.INFO)
    result = steps.execute_disposal(planned())
    assert result["dry_run"]
    assert company.is_there(recording)
    assert "1 planned, 1 would go" in caplog.text


@pytest.mark.parametrize("mode", ["observe", "off"])
def test_a_mode_switched_while_items_go_fails_the_task(company: World, recording: Recording, mode: str) -> None:
    plan = planned()
    company.own_sql(
        "CREATE FUNCTION switch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO retention.mode_changes "
        f"(category, mode, changed_by, reason) VALUES ('audio', '{mode}', 'anna', 'test'); RETURN NEW; END $$"
    )
    company.own_sql(
        "CREATE TRIGGER switch AFTER UPDATE ON retention.plans FOR EACH ROW "
        "WHEN (NEW.state = 'executing') EXECUTE FUNCTION switch()"
    )
    with pytest.raises(fail_fast(), match=f"in mode '{mode}'"):
        steps.execute_disposal(plan)
    assert company.is_there(recording)


def test_mode_off_after_planning_fails_the_task(company: World, recording: Recording) -> None:
    plan = planned()
    company.set_mode("off")
    with pytest.raises(fail_fast(), match="in mode 'off'"):
        steps.execute_disposal(plan)
    assert company.is_there(recording)


def test_in_mode_off_planning_is_skipped(company: World) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    company.set_mode("off")
    with pytest.raises(AirflowSkipException, match=r"nothing planned, nothing deleted.*mode 'off'"):
        planned()


def test_no_result_and_no_log_names_an_item(
    company: World, recording: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="retention")
    plan = planned()
    result = steps.execute_disposal(plan)
    told = json.dumps([plan, result, steps.counts_of_disposal(plan, result)]) + caplog.text
    for identifier in (recording.key, recording.recording_id, recording.call_id):
        assert identifier not in told


def test_counts_of_a_run_say_what_went_and_what_stayed(company: World, recording: Recording) -> None:
    plan = planned()
    counts = steps.counts_of_disposal(plan, steps.execute_disposal(plan))
    assert (counts["due"], counts["gone"], counts["failed"], counts["dry_run"]) == (1, 1, 0, False)
    assert counts["kept_by_reason"] == {}


def test_a_retry_of_the_same_run_has_the_same_plan(company: World, recording: Recording) -> None:
    assert planned("run-1") == planned("run-1")
    assert planned("run-1")["plan_id"] != planned("run-2")["plan_id"]


@pytest.mark.parametrize(("by", "expected"), [("anna", "anna"), (None, "airflow:dispose_audio")])
def test_a_plan_is_requested_by_who_triggered_the_run(company: World, by: str | None, expected: str) -> None:
    plan = planned(by=by)
    rows = company.own_sql("SELECT requested_by FROM retention.plans WHERE plan_id = %s", plan["plan_id"])
    assert [row["requested_by"] for row in rows] == [expected]


def test_airflows_own_run_names_its_person() -> None:
    from airflow.sdk.api.datamodels._generated import DagRun

    assert "triggering_user_name" in DagRun.model_fields
    assert steps.requester("a_dag", DagRun.model_construct(run_id="r", triggering_user_name="ben")) == "ben"
    assert steps.requester("a_dag", SimpleNamespace(run_id="r")) == "airflow:a_dag", "older servers leave the field out"


def test_bad_input_fails_at_once(company: World) -> None:
    with pytest.raises(fail_fast(), match="unknown_category"):
        steps.plan_disposal("vidoe", "rows", "dispose_audio", run())


def test_a_stop_fails_at_once(company: World, recording: Recording) -> None:
    plan = planned()
    company.own_sql("INSERT INTO retention.stop_changes (stopped, changed_by, reason) VALUES (true, 'anna', 'test')")
    with pytest.raises(fail_fast(), match="everything is stopped"):
        steps.execute_disposal(plan)
    assert company.is_there(recording)


def test_an_unreadable_store_is_tried_again(
    company: World, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = as_json(company.connections["company_s3"], password="wrong")
    monkeypatch.setenv("AIRFLOW_CONN_COMPANY_S3", wrong)
    with pytest.raises(StoreUnreadable):
        planned()


def test_a_database_that_does_not_answer_is_tried_again(company: World, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = as_json(company.connections["retention_db"], schema="no_such_database")
    monkeypatch.setenv("AIRFLOW_CONN_RETENTION_DB", nowhere)
    with pytest.raises(UnknownError, match="did not answer"):
        planned()


@pytest.mark.parametrize(
    "value",
    [pytest.param(None, id="not found"), pytest.param("{broken " + SECRET_WORDS, id="unreadable")],
)
def test_a_connection_that_airflow_does_not_give_is_tried_again(
    company: World, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_COMPANY_S3")
    if value is not None:
        monkeypatch.setenv("AIRFLOW_CONN_COMPANY_S3", value)
    with pytest.raises(UnknownError, match="connection 'company_s3': Airflow gave none") as caught:
        planned()
    assert SECRET_WORDS not in as_logged(caught.value)


def test_an_outage_of_airflows_own_server_is_tried_again(company: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.execution_time import context

    def outage(_connection_id: str) -> None:
        raise ConnectionError(SECRET_WORDS)

    monkeypatch.setattr(context, "_get_connection", outage)
    with pytest.raises(UnknownError, match="ConnectionError") as caught:
        planned()
    assert SECRET_WORDS not in as_logged(caught.value)


def as_logged(error: BaseException) -> str:
    """The error as Airflow's task log has it, with all causes that it would print."""
    from structlog.tracebacks import ExceptionDictTransformer

    told = ExceptionDictTransformer(show_locals=False, use_rich=False)((type(error), error, error.__traceback__))
    return json.dumps(told, default=str) + "".join(traceback.format_exception(error))


def fail_on_a_key() -> None:
    with failures.airflow_errors():
        looked_for: dict[str, str] = {}
        _ = looked_for[SECRET_WORDS]


def fail_because_of_a_key() -> None:
    with failures.airflow_errors():
        try:
            raise KeyError(SECRET_WORDS)
        except KeyError as cause:
            raise StoreUnreadable("a store did not answer") from cause


def test_an_unforeseen_error_is_logged_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RETENTION_DEBUG", raising=False)
    with pytest.raises(UnknownError, match="found KeyError") as caught:
        fail_on_a_key()
    assert SECRET_WORDS not in as_logged(caught.value)


def test_the_words_of_what_caused_an_error_are_not_logged() -> None:
    with pytest.raises(StoreUnreadable) as caught:
        fail_because_of_a_key()
    assert SECRET_WORDS not in as_logged(caught.value)


def test_a_failed_task_leaves_an_entry_in_the_ledger(company: World) -> None:
    task = SimpleNamespace(dag_id="dispose_audio", task_id="plan", try_number=4)
    failures.note_failure({"ti": task, "dag_run": run("scheduled__1")}, category="audio", coverage="rows")
    noted = {"dag": "dispose_audio", "task": "plan", "run": "scheduled__1", "try": 4}
    assert company.ledger("task_failed") == [noted | {"category": "audio", "coverage": "rows"}]


def test_an_overdue_recording_makes_the_proof_red_and_its_disposal_green(company: World, recording: Recording) -> None:
    breach = steps.verify_stores()
    with pytest.raises(fail_fast(), match="verdict: breach"):
        steps.judge(breach["verdict"], breach["findings"])
    steps.execute_disposal(planned())
    check = steps.verify_stores()
    assert steps.judge(check["verdict"], check["findings"]) == "compliant"
    assert steps.write_report(check["check_run_id"])["page"].startswith("/retention/reports/")
    assert recording.recording_id not in json.dumps([breach, check])


def test_proof_is_unknown_where_checks_cannot_reach_the_locked_bucket(
    company: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RETENTION_ANCHOR", '{"conn_type": "aws"}')
    assert "evidence_unanchored@ledger" in steps.verify_stores()["findings"]
