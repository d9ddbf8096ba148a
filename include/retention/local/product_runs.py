"""Lets the scheduler run the product once and waits: both disposals, then a verification that began after them."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from retention.local import interruption
from retention.local.airflow_api import AirflowApi, DagRun, NotYet, TaskRun
from retention.local.processes import StackError
from retention.local.steps import Ending, Tell, step

DISPOSALS = (
    "dispose_audio",
    "dispose_audio_listing",
    "dispose_transcripts",
    "dispose_leads",
    "dispose_marketing",
    "dispose_logs",
    "dispose_usage",
    "dispose_others",
    "airflow_maintenance",
)
PLANTING = "plant_canaries"
VERIFICATION = "verify_retention"
SIGNING = "sign_ledger"
BACKUP = "back_up"
JUDGE = "judge"
"""The task that is red unless the verdict is `compliant`: a result of the product, no failure of its run."""
RESULTS = {JUDGE, "look_for_identifiers"}
"""The tasks that are red for what they found."""

_STATES = {"queued": "waits for an earlier run, which is tried again after an interruption"}

PARSED_WITHIN_S, BEGUN_WITHIN_S, RUN_WITHIN_S = 180.0, 300.0, 1800.0

Found = TypeVar("Found")


def run_once(api: AirflowApi) -> None:
    """Unpause the DAGs, let each run once, and wait. Raises StackError when one of them fails.

    Verification is unpaused last: its own clock starts it at once then, and before the first disposal it would have
    nothing good to say. On later calls one more is asked for: what the first disposal to end brought about says nothing of
    the last. The backup comes before it, so that its report, which is kept as it is, misses none.
    """
    with step("DAGs parsed"):
        for dag_id in (PLANTING, *DISPOSALS, VERIFICATION, SIGNING, BACKUP):
            _until(partial(api.is_paused, dag_id), PARSED_WITHIN_S, partial(_unparsed, api, dag_id))
    with step("canaries planted") as tell:
        _finish(api, _start(api, PLANTING), tell)
    with step("disposal: what is due goes") as tell:
        for run in [_start(api, dag_id) for dag_id in DISPOSALS]:
            _finish(api, run, tell)
    with step("our own database backed up, what went listed") as tell:
        _finish(api, _start(api, BACKUP), tell)
    ending = Ending()
    with step("verification: other code proves it", ending) as tell:
        run = _start(api, VERIFICATION)
        ending.good = not any(task.task_id == JUDGE and task.state == "failed" for task in _finish(api, run, tell))
        ending.said = "proven" if ending.good else "NOT proven, see below"
    with step("ledger: signed, and kept where nobody can change it") as tell:
        _finish(api, _start(api, SIGNING), tell)


def _start(api: AirflowApi, dag_id: str) -> DagRun:
    """A new run: the scheduler's own, which unpausing brings about, or one more where the DAG was at work already."""
    asked_at = datetime.now(UTC)
    silent = f"{dag_id}: Airflow does not answer; its logs are in the state folder."
    if not _until(partial(api.is_paused, dag_id), BEGUN_WITHIN_S, lambda: silent):
        run_id = f"make-run-{asked_at:%Y%m%dT%H%M%SZ}"
        return _until(partial(api.trigger, dag_id, run_id), BEGUN_WITHIN_S, lambda: silent)
    _until(partial(api.unpause, dag_id), BEGUN_WITHIN_S, lambda: silent)
    return _until(
        lambda: api.run_begun_after(dag_id, asked_at),
        BEGUN_WITHIN_S,
        lambda: f"the scheduler started no run of {dag_id}.",
    )


def _finish(api: AirflowApi, run: DagRun, tell: Tell) -> list[TaskRun]:
    """Wait for the run's end and return its tasks. Raises StackError when one failed that is no result of the product."""

    def over() -> DagRun | None:
        now = api.run(run.dag_id, run.run_id)
        tell(f"{now.dag_id}: {_STATES.get(now.state, now.state)}")
        return now if now.is_over else None

    patience = f"{run.dag_id} still runs after {RUN_WITHIN_S / 60:.0f} min; see the Airflow UI."
    ended = _until(over, RUN_WITHIN_S, lambda: patience)
    tasks = _until(partial(api.tasks, ended), BEGUN_WITHIN_S, lambda: patience)
    failed = [task.task_id for task in tasks if task.state == "failed"]
    if ended.state == "failed" and not (failed and RESULTS.issuperset(failed)):
        raise StackError(
            f"{run.dag_id} failed ({', '.join(failed) or 'no task ran'}); its logs: {api.url}/dags/{run.dag_id}/runs/{run.run_id}"
        )
    return tasks


def _until(ask: Callable[[], Found | None], patience_s: float, message: Callable[[], str]) -> Found:
    """Ask until there is an answer; raises StackError with `message()` after `patience_s`."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        try:
            answer = ask()
            if answer is not None:
                return answer
        except NotYet:
            pass
        interruption.pause(0.5)
    raise StackError(message())


def _unparsed(api: AirflowApi, dag_id: str) -> str:
    errors = "; ".join(api.import_errors())
    return f"DAG {dag_id} was not parsed within {PARSED_WITHIN_S:.0f} s; import errors: {errors or 'none'}."
