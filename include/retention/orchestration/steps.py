"""The tasks' bodies: one library call each. What they return goes into XCom: ids, counts and digests, nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from retention.errors import BlockedError, InputError, ModeError

log = logging.getLogger(__name__)


def plan_disposal(category: str, coverage: str, run_id: str) -> dict[str, Any]:
    """Plan one category; a retry of the same run gives the same plan."""
    from retention.disposal.opening import open_runtime
    from retention.disposal.plan import make_plan
    from retention.disposal.runtime import utc_now
    from retention.orchestration.connections import from_airflow

    with _airflow_errors():
        summary = make_plan(
            open_runtime(from_airflow),
            category,
            as_of=utc_now(),
            run_id=run_id,
            requested_by=f"airflow:{run_id.partition('/')[0]}",
            coverage=coverage,
        )
    log.info("%s", summary.rule)
    log.info("%s due of %s; stay: %s", summary.due, summary.considered, summary.kept_by_reason)
    return _plain(summary.to_json())


def execute_disposal(plan: dict[str, Any]) -> dict[str, Any]:
    """Dispose of the plan. In mode `observe` nothing is deleted: the same steps run on wrapped stores."""
    from uuid import UUID

    from retention.disposal.execute import execute_plan
    from retention.disposal.opening import open_runtime
    from retention.orchestration.connections import from_airflow

    with _airflow_errors():
        runtime = open_runtime(from_airflow)
        plan_id, digest = UUID(plan["plan_id"]), plan["digest"]
        try:
            summary = execute_plan(runtime, plan_id, digest, progress=_log_progress())
        except ModeError as error:
            log.warning("%s", error)
            summary = execute_plan(runtime, plan_id, digest, dry_run=True, progress=_log_progress())
    log.info("%s planned, %s gone, spared %s, failed %s", summary.planned, summary.gone, summary.spared, summary.failed)
    return _plain(summary.to_json())


def verify_stores(categories: Sequence[str] | None = None) -> dict[str, Any]:
    """Prove from the stores; the verdict is judged by a later task, so that the report is written in any case."""
    from retention import settings
    from retention.connections import postgres_conninfo
    from retention.disposal.runtime import utc_now
    from retention.evidence.hashing import ItemHasher
    from retention.orchestration.connections import from_airflow
    from retention.verification import verify

    with _airflow_errors():
        result = verify(
            list(categories) if categories else mapped_categories(),
            as_of=utc_now(),
            resolve=from_airflow,
            policies=settings.policies_folder(),
            datamap=settings.datamap_folder(),
            own_conninfo=postgres_conninfo(from_airflow(settings.OWN_VERIFY_CONNECTION)),
            hasher=ItemHasher.from_environment(),
        )
    fields = result.to_json()
    log.info("verdict: %s", fields["verdict"])
    for finding in fields["findings"]:
        log.info("%s: %s × %s in %s", finding["severity"], finding["count"], finding["kind"], finding["place"])
    return _plain(
        {name: fields[name] for name in ("check_run_id", "verdict", "as_of", "policy_version", "inventory_digest")}
    ) | {"findings": {f"{f['kind']}@{f['place']}": f["count"] for f in fields["findings"]}}


def write_report(check_run_id: str) -> dict[str, Any]:
    """Build the check report of this verification and keep it in our own database, for the page in the UI."""
    from uuid import UUID

    from retention import database, reports, settings
    from retention.connections import postgres_conninfo
    from retention.datamap.loader import load_datamap
    from retention.orchestration.connections import from_airflow
    from retention.policy.loader import load_policy

    with _airflow_errors(), database.connect(postgres_conninfo(from_airflow(settings.OWN_CONNECTION))) as own:
        policy, datamap = load_policy(settings.policies_folder()), load_datamap(settings.datamap_folder())
        document = reports.build(own, UUID(check_run_id), policy, datamap)
        report_id = reports.store(own, document, reports.render_html(document))
    return {"report_id": str(report_id), "page": f"/retention/reports/{report_id}"}


def judge(verdict: str, findings: dict[str, int]) -> str:
    """Fail the run unless the verdict is `compliant`: a breach or an unknown must be seen in the grid."""
    from airflow.sdk.exceptions import AirflowFailException

    if verdict != "compliant":
        listed = ", ".join(f"{count} × {name}" for name, count in sorted(findings.items())) or "no finding named"
        raise AirflowFailException(
            f"verdict: {verdict} ({listed}). The report says what was found, where, and what to do."
        )
    return verdict


def mapped_categories() -> list[str]:
    """Every category that the data map has a place for."""
    from retention import settings
    from retention.datamap.loader import load_datamap

    return sorted({place.spec.category for place in load_datamap(settings.datamap_folder()).places.values()})


def note_failure(context: Any) -> None:
    """Failure callback of every task: an entry in the ledger, so that a failed run can't go unseen when logs are gone."""
    from retention import database, settings
    from retention.connections import postgres_conninfo
    from retention.evidence import ledger
    from retention.orchestration.connections import from_airflow

    instance, run = context["ti"], context["dag_run"]
    body = {"dag": instance.dag_id, "task": instance.task_id, "run": run.run_id, "try": instance.try_number}
    log.error("%s failed in %s; what to do stands on the DAG's page", instance.task_id, instance.dag_id)
    with database.connect(postgres_conninfo(from_airflow(settings.OWN_CONNECTION))) as own:
        ledger.append(own, "task_failed", body)


@contextmanager
def _airflow_errors() -> Iterator[None]:
    """What a retry can't mend fails at once, with its message; the rest is retried by Airflow. No value gets into a log."""
    import psycopg
    from airflow.sdk.exceptions import AirflowFailException

    from retention.database import without_values

    try:
        yield
    except (InputError, BlockedError) as error:
        raise AirflowFailException(str(error)) from None
    except psycopg.Error as error:
        raise without_values(error) from None


def _log_progress() -> Callable[[int, int], None]:
    def note(done: int, total: int) -> None:
        if done == total or done % max(1, total // 20) == 0:
            log.info("%s of %s batches done", done, total)

    return note


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON types only, for XCom."""
    import json

    plain: dict[str, Any] = json.loads(json.dumps(fields, default=str))
    return plain
