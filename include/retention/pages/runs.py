"""What one DAG run planned, what became of it, and which entries of the ledger are its: the tab on a DAG run's page."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from retention.database import OwnConnection
from retention.evidence.run_entries import entries_of_run
from retention.pages.rendering import as_json, show
from retention.pages.site import Site, reading

ENTRIES_SHOWN = 200
"""The first of each plan's entries; a certificate has them all."""
_PLANS = """
SELECT plan_id, category, coverage, as_of, planned_at, expires_at, mode, state, digest, due, considered, kept_by_reason,
    due_by_reason, breaches_at, rule_sentence, policy_version, result,
    (SELECT count(*) FROM retention.disposed_items AS d WHERE d.plan_id = p.plan_id) AS gone
FROM retention.plans AS p WHERE split_part(run_id, '#', 1) = %s ORDER BY category, planned_at
"""


def routes(site: Site) -> APIRouter:
    """`/runs/DAG/RUN`, as Airflow fills them in."""
    pages = APIRouter(dependencies=[reading(site)], tags=["runs"])

    @pages.get("/runs/{dag_id}/{run_id:path}.json")
    def run_as_json(dag_id: str, run_id: str) -> Response:
        return as_json({"dag": dag_id, "run": run_id, "plans": _read(site, dag_id, run_id)})

    @pages.get("/runs/{dag_id}/{run_id:path}")
    def run(request: Request, dag_id: str, run_id: str) -> Response:
        plans = _read(site, dag_id, run_id)
        return show(request, "run.html.j2", title="run.title", dag_id=dag_id, run_id=run_id, plans=plans)

    return pages


def _read(site: Site, dag_id: str, run_id: str) -> list[dict[str, Any]]:
    name = f"{dag_id}/{run_id}"
    if "\0" in name:  # no text of PostgreSQL has one
        return []
    with site.open_reports() as own:
        plans = own.execute(_PLANS, (name,)).fetchall()
        return [{**plan, "entries": _entries(own, plan)} for plan in plans]


def _entries(own: OwnConnection, plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Number, time and kind: what an entry says in full is for the certificate."""
    found = entries_of_run(own, plan["plan_id"])[:ENTRIES_SHOWN]
    return [{"seq": entry["seq"], "at": entry["at"], "kind": entry["kind"]} for entry in found]
