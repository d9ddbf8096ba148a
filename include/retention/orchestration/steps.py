"""The tasks' bodies: one library call each. What they return goes into XCom: ids, counts and digests, nothing else."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from retention.errors import ModeError
from retention.orchestration.failures import airflow_errors
from retention.orchestration.xcom import plain

log = logging.getLogger(__name__)


def plan_disposal(category: str, coverage: str, dag_id: str, dag_run: Any) -> dict[str, Any]:
    """Plan one category; a retry of the same run gives the same plan. In mode `off` the task ends as skipped."""
    from airflow.sdk.exceptions import AirflowSkipException

    from retention.disposal.opening import open_runtime
    from retention.disposal.plan import make_plan
    from retention.disposal.runtime import utc_now
    from retention.orchestration.connections import from_airflow

    with airflow_errors():
        try:
            summary = make_plan(
                open_runtime(from_airflow),
                category,
                as_of=utc_now(),
                run_id=f"{dag_id}/{dag_run.run_id}",
                requested_by=requester(dag_id, dag_run),
                coverage=coverage,
            )
        except ModeError as error:  # planning refuses mode `off` alone
            raise AirflowSkipException(f"nothing planned, nothing deleted or anonymised: {error}") from None
    log.info("%s", summary.rule)
    log.info("%s due of %s; stay: %s", summary.due, summary.considered, summary.kept_by_reason)
    return plain(summary.to_json())


def other_categories(elsewhere: Sequence[str]) -> list[str]:
    """The categories with a rule that no other DAG disposes of."""
    from retention import settings
    from retention.policy.loader import load_policy

    with airflow_errors():
        return sorted(load_policy(settings.policies_folder()).rules.keys() - set(elsewhere))


def requester(dag_id: str, dag_run: Any) -> str:
    """Who asked for the run: the person who triggered it, who then can't approve its plan; else the DAG by its schedule."""
    return getattr(dag_run, "triggering_user_name", None) or f"airflow:{dag_id}"


def execute_disposal(plan: dict[str, Any], part: int = 0, parts: int = 1) -> dict[str, Any]:
    """Dispose of one part of the plan. In mode `observe` nothing is changed: the same steps run on wrapped stores.

    The mode is read once, before; when it changes while items go, the task fails: what it counted so far is no rehearsal.
    """
    from uuid import UUID

    from retention.disposal.execute import execute_plan
    from retention.disposal.locking import Part
    from retention.disposal.opening import open_runtime
    from retention.evidence.controls import Mode, mode_of
    from retention.orchestration.connections import from_airflow
    from retention.policy.model import Action

    with airflow_errors():
        runtime = open_runtime(from_airflow)
        with runtime.own() as own:
            rehearsal = mode_of(own, plan["category"]).value == Mode.OBSERVE
        if rehearsal:
            passive = runtime.policy.rule(plan["category"]).action.passive
            log.warning("category %s is in mode observe: nothing will be %s", plan["category"], passive)
        summary = execute_plan(
            runtime,
            UUID(plan["plan_id"]),
            plan["digest"],
            dry_run=rehearsal,
            part=Part(part, parts),
            progress=_log_progress(),
        )
    done, count = Action(summary.action).done(dry_run=summary.dry_run), summary.gone + summary.recovered
    log.info("%s planned, %s %s, spared %s, failed %s", summary.planned, count, done, summary.spared, summary.failed)
    return plain(summary.to_json())


def close_disposal(plan: dict[str, Any], results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Count what became of the whole plan, and close it. Of a rehearsal, which leaves nothing to close, the parts' sums."""
    from uuid import UUID

    from retention.disposal.execute import close_plan
    from retention.disposal.opening import open_runtime
    from retention.orchestration.connections import from_airflow

    if results and all(result["dry_run"] for result in results):
        return _sum_of(results)
    with airflow_errors():
        summary = close_plan(open_runtime(from_airflow), UUID(plan["plan_id"]))
    return plain(summary.to_json())


def _sum_of(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    sums = {name: sum(result[name] for result in results) for name in ("planned", "gone", "recovered", "failed")}
    spared = sum((Counter(result["spared"]) for result in results), Counter[str]())
    return {**results[0], **sums, "spared": dict(spared)}


def counts_of_disposal(plan: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """What the run's page shows: of both tasks' results, the counts alone."""
    counts = {name: plan[name] for name in ("considered", "due", "kept_by_reason", "undated")}
    return counts | {name: result[name] for name in ("gone", "recovered", "spared", "failed", "failures", "dry_run")}


def verify_stores() -> dict[str, Any]:
    """Prove from the stores; the verdict is judged by a later task, so that the report is written in any case."""
    from retention import settings
    from retention.connections import postgres_conninfo
    from retention.datamap.categories import known_categories
    from retention.datamap.loader import load_datamap
    from retention.evidence.hashing import ItemHasher
    from retention.orchestration.connections import from_airflow
    from retention.policy.loader import load_policy
    from retention.verification import verify
    from retention.verification.anchored import anchor_of

    policies, datamap = settings.policies_folder(), settings.datamap_folder()
    with airflow_errors():
        result = verify(
            known_categories(load_policy(policies), load_datamap(datamap)),
            resolve=from_airflow,
            policies=policies,
            datamap=datamap,
            own_conninfo=postgres_conninfo(from_airflow(settings.OWN_VERIFY_CONNECTION)),
            hasher=ItemHasher.from_environment(),
            anchor=anchor_of(from_airflow),
            coverage=True,
        )
    fields = result.to_json()
    log.info("verdict: %s", fields["verdict"])
    for finding in fields["findings"]:
        log.info("%s: %s × %s in %s", finding["severity"], finding["count"], finding["kind"], finding["place"])
    return plain(
        {name: fields[name] for name in ("check_run_id", "verdict", "as_of", "policy_version", "inventory_digest")}
    ) | {"findings": {f"{f['kind']}@{f['place']}": f["count"] for f in fields["findings"]}}


def clear_airflow_metadata(place: str, dag_id: str, dag_run: Any) -> dict[str, Any]:
    """Clear one database of Airflow's. In mode `observe` it is only counted; in mode `off` the task ends as skipped."""
    from airflow.sdk.exceptions import AirflowSkipException

    from retention.datamap.loader import MappedAirflow
    from retention.disposal.airflow_metadata import clear_metadata
    from retention.disposal.opening import open_runtime
    from retention.disposal.runtime import utc_now
    from retention.orchestration.connections import from_airflow
    from retention.orchestration.db_clean import cleaner

    with airflow_errors():
        runtime = open_runtime(from_airflow, actor=requester(dag_id, dag_run))
        mapped = runtime.datamap.places[place]
        assert isinstance(mapped, MappedAirflow)  # the DAG asks for these alone
        try:
            cleared = clear_metadata(
                runtime, mapped, as_of=utc_now(), run_id=f"{dag_id}/{dag_run.run_id}", clean=cleaner(from_airflow)
            )
        except ModeError as error:
            raise AirflowSkipException(f"nothing cleared: {error}") from None
    log.info("older than %s: %s; left: %s", cleared.before, dict(cleared.older), dict(cleared.left))
    return plain(cleared.to_json())


def places_of_kind(kind: str) -> list[str]:
    """The names of the data map's places of one kind, for the tasks that are mapped over them."""
    from retention import settings
    from retention.datamap.loader import load_datamap

    with airflow_errors():
        datamap = load_datamap(settings.datamap_folder())
    return [name for name, place in datamap.places.items() if place.spec.kind == kind]


def create_partitions(place: str, days: int) -> dict[str, Any]:
    """Create the partitions of the next `days` days, today's among them, for one place; touches no data."""
    from retention.disposal.new_partitions import create_ahead
    from retention.disposal.opening import open_runtime
    from retention.orchestration.connections import from_airflow

    with airflow_errors():
        created = create_ahead(open_runtime(from_airflow), place, days=days)
    log.info("%s", created)
    return plain(created)


def look_for_identifiers(days: int) -> dict[str, Any]:
    """Look whether people's addresses or numbers got into what is kept of the last days' runs; fail where they did, or where
    something could not be looked at."""
    from datetime import timedelta

    from airflow.sdk.exceptions import AirflowFailException

    from retention import settings
    from retention.datamap.loader import load_datamap
    from retention.disposal.runtime import utc_now
    from retention.hygiene import look
    from retention.orchestration.connections import from_airflow

    with airflow_errors():
        datamap = load_datamap(settings.datamap_folder())
        result = look(datamap, from_airflow, since=utc_now() - timedelta(days=days))
        log.info("%s", result.to_text())
        if result.verdict != "clean":
            raise AirflowFailException(result.to_text())
    return {"verdict": result.verdict, "looked_at": dict(result.looked_at)}


def prune_records(dag_id: str) -> dict[str, Any]:
    """Delete our own records whose time is over; gives the rows that went, by record."""
    from retention import database, settings
    from retention.connections import postgres_conninfo
    from retention.orchestration.connections import from_airflow
    from retention.records.prune import prune
    from retention.records.rules import load_records

    with airflow_errors(), database.connect(postgres_conninfo(from_airflow(settings.OWN_CONNECTION))) as own:
        found = prune(own, load_records(settings.records_file()), by=f"airflow:{dag_id}")
    return {one.record: one.rows for one in found}


def plant_canaries(dag_id: str, dag_run: Any) -> dict[str, Any]:
    """Plant canaries where the last ones are old enough. Fails at the end where a place could not be planted."""
    from retention.disposal.canaries.planting import plant_canaries as plant
    from retention.disposal.opening import open_runtime
    from retention.errors import UnknownError
    from retention.orchestration.connections import from_airflow

    with airflow_errors():
        done = plant(open_runtime(from_airflow, actor=requester(dag_id, dag_run)))
        log.info("planted %s; not planted %s", done.planted, done.not_planted)
        if done.failed:
            raise UnknownError("; ".join(done.failed.values()))
    return plain(done.to_json())


def write_report(check_run_id: str) -> dict[str, Any]:
    """Build the check report of this verification and keep it in our own database, for the page in the UI."""
    from uuid import UUID

    from retention import database, reports, settings
    from retention.connections import postgres_conninfo
    from retention.datamap.loader import load_datamap
    from retention.orchestration.connections import from_airflow
    from retention.policy.loader import load_policy

    with airflow_errors(), database.connect(postgres_conninfo(from_airflow(settings.OWN_CONNECTION))) as own:
        policy, datamap = load_policy(settings.policies_folder()), load_datamap(settings.datamap_folder())
        document = reports.build(own, UUID(check_run_id), policy, datamap)
        papers = reports.render_papers(document) if reports.lacks_paper(own, document) else {}
        report_id = reports.store(own, document, reports.render_html(document), papers)
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


def _log_progress() -> Callable[[int, int], None]:
    def note(done: int, total: int) -> None:
        if done == total or done % max(1, total // 20) == 0:
            log.info("%s of %s batches done", done, total)

    return note
