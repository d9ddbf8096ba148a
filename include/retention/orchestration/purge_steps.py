"""The bodies of the tasks of a manual purge: one library call each. Ids that somebody entered never leave the form."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from retention.orchestration.failures import airflow_errors
from retention.orchestration.xcom import plain

log = logging.getLogger(__name__)

SCOPE = ("tenant_id", "person_id", "item_id")
DATES = ("started_from", "started_before")


def plan(dag_id: str, dag_run: Any, form: Mapping[str, Any]) -> dict[str, Any]:
    """Look at what was asked for, and freeze exactly what may go of it. A retry gives the same plan."""
    from retention import settings
    from retention.disposal.opening import open_runtime
    from retention.disposal.purged import PurgeScope
    from retention.disposal.runtime import utc_now
    from retention.errors import RequestError
    from retention.orchestration.connections import from_airflow
    from retention.purge.preview import preview_of
    from retention.purge.request import PurgeRequest, plan_purge

    with airflow_errors():
        person = getattr(dag_run, "triggering_user_name", None)
        if not person:
            raise RequestError("found a purge that nobody asked for; expected a person who is logged in and starts it")
        scope: dict[str, Any] = {name: form[name] for name in SCOPE if form.get(name) is not None}
        scope |= {name: settings.parse_instant(name, form[name]) for name in DATES if form.get(name) is not None}
        request = PurgeRequest(
            category=form["category"],
            scope=PurgeScope(**scope),
            reason=form["reason"],
            ticket=form["ticket"],
            requested_by=person,
        )
        runtime = open_runtime(from_airflow)
        planned = plan_purge(runtime, request, as_of=utc_now(), run=f"{dag_id}/{dag_run.run_id}")
        with runtime.own() as own:
            preview = preview_of(own, planned.plan_id)
    log.info("%s would go, %s asked for stay: %s", preview.goes, sum(preview.stays.values()), preview.stays)
    return plain(preview.to_json() | {"requested_by": person, "preview_only": bool(form["preview_only"])})


def require_wanted(preview: Mapping[str, Any]) -> None:
    """Skip what comes after the preview where only that was asked for, or where nothing would go."""
    from airflow.sdk.exceptions import AirflowSkipException

    if preview["preview_only"]:
        raise AirflowSkipException("a preview alone was asked for; nothing is deleted")
    if not preview["goes"]:
        raise AirflowSkipException("nothing that was asked for may go; the preview says why it stays")


def record_approval(preview: Mapping[str, Any], person: str, reason: str) -> dict[str, Any]:
    """Note in our own database and in the ledger who approved exactly this digest. Raises as `approve_plan`."""
    from uuid import UUID

    from retention.disposal.approval import approve_plan
    from retention.disposal.approvals import Via
    from retention.disposal.opening import open_runtime
    from retention.orchestration.connections import from_airflow

    with airflow_errors(), open_runtime(from_airflow).own() as own:
        return plain(
            approve_plan(
                own, UUID(preview["plan_id"]), preview["digest"], approved_by=person, reason=reason, via=Via.AIRFLOW
            )
        )


def record_refusal(preview: Mapping[str, Any], person: str | None) -> None:
    """Note in the ledger that this person did not let the plan go on, or that nobody (None) answered in time."""
    from retention import database, settings
    from retention.connections import postgres_conninfo
    from retention.evidence import ledger
    from retention.orchestration.connections import from_airflow

    body = {"plan": preview["plan_id"], "digest": preview["digest"], "by": person}
    with airflow_errors(), database.connect(postgres_conninfo(from_airflow(settings.OWN_CONNECTION))) as own:
        ledger.append(own, "purge_refused", body)


def execute(preview: Mapping[str, Any], dag_id: str) -> dict[str, Any]:
    """Delete what the plan names, or less. The guard reads the recorded approvals itself: no state of a task replaces them."""
    from uuid import UUID

    from retention.disposal.execute import execute_plan
    from retention.disposal.opening import open_runtime
    from retention.orchestration.connections import from_airflow

    with airflow_errors():
        summary = execute_plan(
            open_runtime(from_airflow, actor=f"airflow:{dag_id}"), UUID(preview["plan_id"]), preview["digest"]
        )
    log.info("%s planned, %s gone, spared %s", summary.planned, summary.gone + summary.recovered, summary.spared)
    return plain(summary.to_json())
