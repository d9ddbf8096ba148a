"""The builder of the DAG for manual purges."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, task

from retention.orchestration import purge_steps, steps, words
from retention.orchestration.dags import COUNTS, TIMEOUTS, retention_dag, show_counts
from retention.orchestration.purge_approval import PREVIEW, WAITS_FOR, PurgeApproval
from retention.orchestration.purge_form import purge_form

AT_ONCE = 16
"""Requests that may wait for their approval beside each other: one that nobody answers must not block the next."""


def purge_dag(dag_id: str, *, categories: tuple[str, ...], doc: str | None) -> DAG:
    """A DAG that a person starts by a form: preview, the approval of one or two others, deletion, proof, report.

    `categories` are offered in the form.
    """
    with retention_dag(dag_id, None, doc, "purge", max_active_runs=AT_ONCE) as dag:
        dag.params = purge_form(categories)  # type: ignore[assignment]

        @task(task_id=PREVIEW, multiple_outputs=True, map_index_template=COUNTS, task_display_name="preview")
        def preview(params: Any = None, dag_run: Any = None) -> dict[str, Any]:
            """Look at what was asked for; freeze exactly what may go of it, with a digest."""
            found = purge_steps.plan(dag_id, dag_run, params)
            show_counts(words.of_preview(found))
            return found

        first = PurgeApproval(
            task_id="approve", task_display_name="approve", number=1, response_timeout=WAITS_FOR, pool="default_pool"
        )
        second = PurgeApproval(
            task_id="approve_again",
            task_display_name="second approval, above the volume limit",
            number=2,
            earlier="approve",
            response_timeout=WAITS_FOR,
            pool="default_pool",
        )

        @task(task_display_name="delete", multiple_outputs=True, map_index_template=COUNTS)
        def delete(previewed: dict[str, Any]) -> dict[str, Any]:
            """Delete what was approved, or less; confirm that; write the ledger."""
            result = purge_steps.execute(previewed, dag_id)
            show_counts(words.of_disposal(result))
            return result

        @task(
            task_display_name="verify the stores",
            multiple_outputs=True,
            map_index_template=COUNTS,
            execution_timeout=TIMEOUTS["listing"],
        )
        def verify() -> dict[str, Any]:
            """Prove from the stores, with another identity and other code, that nothing is overdue and nothing protected went."""
            checked = steps.verify_stores()
            show_counts(words.of_check(checked))
            return checked

        @task(task_display_name="write the report", multiple_outputs=True)
        def report(checked: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
            """Keep the check report for the page in the UI, and say how to get the run's certificate."""
            written = steps.write_report(checked["check_run_id"])
            return written | {"certificate": f"python -m retention certificate run {result['plan_id']} --out FILE"}

        previewed: Any = preview()
        result: Any = delete(previewed)
        checked: Any = verify()
        previewed >> first >> second >> result >> checked
        report(checked, result)
    return dag
