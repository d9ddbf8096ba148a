"""Lets the scheduler run the two DAGs once and waits for both: disposal, then the verification that its asset starts."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from retention.local.airflow_api import AirflowApi, DagRun, NotYet
from retention.local.processes import StackError
from retention.local.steps import Tell, step

Found = TypeVar("Found")
DISPOSAL, VERIFICATION = "dispose_audio", "verify_retention"
DAGS = (DISPOSAL, "dispose_audio_listing", VERIFICATION)
PARSED_WITHIN_S, RUN_WITHIN_S, CAUSED_WITHIN_S = 90.0, 900.0, 120.0


class RunFailedError(StackError):
    """A DAG's run failed; the services stay up, so that a person can look. Exit code 5."""

    exit_code = 5


def unpause_dags(api: AirflowApi) -> None:
    """Let the scheduler run every DAG as soon as it is parsed. Raises StackError with the files that can't be."""
    with step("DAGs parsed and unpaused"):
        for dag_id in DAGS:
            _until(partial(api.unpause, dag_id), PARSED_WITHIN_S, partial(_unparsed, api, dag_id))


def run_once(api: AirflowApi) -> None:
    """One run of disposal and of the verification that it causes. Raises RunFailedError when one of them fails."""
    run_id = f"make-run-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    with step(f"{DISPOSAL}: what is due goes") as tell:
        api.trigger(DISPOSAL, run_id)
        _finish(api, DagRun(DISPOSAL, run_id, "queued"), tell)
    with step(f"{VERIFICATION}: other code proves it") as tell:
        message = f"{DISPOSAL} ended, but no run of {VERIFICATION} followed; see its page in the Airflow UI."
        caused = _until(lambda: api.run_caused_by(VERIFICATION, run_id), CAUSED_WITHIN_S, lambda: message)
        _finish(api, caused, tell)


def _finish(api: AirflowApi, run: DagRun, tell: Tell) -> None:
    def over() -> DagRun | None:
        now = api.run(run.dag_id, run.run_id)
        tell(now.state)
        return now if now.is_over else None

    ended = _until(
        over, RUN_WITHIN_S, lambda: f"{run.dag_id} still runs after {RUN_WITHIN_S / 60:.0f} min; see the UI."
    )
    if ended.state == "failed":
        tasks = ", ".join(api.failed_tasks(ended)) or "none"
        raise RunFailedError(
            f"{run.dag_id} failed (failed tasks: {tasks}); everything still runs. "
            f"Their logs: {api.url}/dags/{run.dag_id}/runs/{run.run_id}"
        )


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
        time.sleep(0.5)
    raise StackError(message())


def _unparsed(api: AirflowApi, dag_id: str) -> str:
    errors = "; ".join(api.import_errors())
    return f"DAG {dag_id} was not parsed within {PARSED_WITHIN_S:.0f} s; import errors: {errors or 'none'}."
