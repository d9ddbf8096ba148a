"""Builders of the DAGs: one shape for every disposal, one for verification. DAG files name what differs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

from airflow.sdk import DAG, Asset, AssetAny, AssetOrTimeSchedule, CronTriggerTimetable, get_current_context, task

from retention.orchestration import backup_steps, failures, signing_steps, steps, words

POOL = "retention"
START = datetime(2026, 1, 1, tzinfo=UTC)
TIMEOUTS = {"rows": timedelta(minutes=40), "listing": timedelta(hours=6)}
"""A task's longest time by what it looks at: rows are an hour's work at most, a listing is as long as the bucket is large."""
DEFAULTS: dict[str, Any] = {
    "owner": "platform-engineering",
    "retries": 3,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=10),
    "execution_timeout": TIMEOUTS["rows"],
    "pool": POOL,
    "on_failure_callback": failures.note_failure,
}


COUNTS = "{{ counts }}"
"""A run's page lists its tasks with nothing but their map index. So each is mapped, over one thing, with its counts as index."""


EVERYWHERE = "every place"
OWN_RECORDS = "our own records"


def show_counts(line: str) -> None:
    """Say on the run's page what this task counted."""
    cast("dict[str, Any]", get_current_context())["counts"] = line


def disposed(category: str) -> Asset:
    """The asset that a finished disposal updates; verification waits for it."""
    return Asset(name=f"{category}_disposed", uri=f"x-retention://disposed/{category}", group="retention")


OTHERS_DISPOSED = Asset(name="others_disposed", uri="x-retention://disposed-of-others", group="retention")
"""Updated when something went in a category without a DAG of its own."""
WITH_DAG = ("audio", "transcript", "leads", "logs", "usage", "marketing")
"""The categories that have a DAG of their own."""
VERIFIED = Asset(name="stores_verified", uri="x-retention://verified", group="retention")
"""Updated by every verification. Like those of disposals, its events carry the counts, which the run's page then shows."""


def retention_dag(
    dag_id: str, schedule: Any, doc: str | None, *tags: str, max_active_runs: int = 1, **defaults: Any
) -> DAG:
    """What all DAGs have in common: none is made up for, and one runs at a time where nothing else is said. `defaults` are of the
    tasks, over `DEFAULTS`."""
    return DAG(
        dag_id,
        schedule=schedule if not isinstance(schedule, str) else CronTriggerTimetable(schedule, timezone="UTC"),
        start_date=START,
        catchup=False,
        max_active_runs=max_active_runs,
        default_args=DEFAULTS | defaults,
        tags=["retention", *tags],
        doc_md=doc,
    )


def disposal_dag(dag_id: str, *, category: str, coverage: str, schedule: str, parts: int = 1, doc: str | None) -> DAG:
    """A DAG that plans and then disposes of one category. Cron times are UTC.

    `coverage` is `rows` or `listing` (see retention.disposal.plan). `parts` tasks share the plan's batches, ranges of its keys,
    and may run on machines of their own; their number never grows with the backlog. One run at a time; a run that was missed
    is not made up for, because the next one covers all that is due by then.
    """
    noted = partial(failures.note_failure, category=category, coverage=coverage)
    defaults: dict[str, Any] = {"execution_timeout": TIMEOUTS[coverage], "on_failure_callback": noted}
    with retention_dag(dag_id, schedule, doc, "disposal", category, **defaults) as dag:

        @task(task_display_name=f"plan {category}", multiple_outputs=True, map_index_template=COUNTS)
        def plan(category: str, dag_run: Any = None) -> dict[str, Any]:
            """Find exactly what is due, freeze it with a digest, count what stays and why."""
            planned = steps.plan_disposal(category, coverage, dag_id, dag_run)
            show_counts(words.of_plan(planned))
            return planned

        @task(task_display_name=f"dispose of {category}", multiple_outputs=True, map_index_template=COUNTS)
        def dispose(planned: dict[str, Any], part: int) -> dict[str, Any]:
            """Delete, or anonymise, what this part of the plan names, or less; confirm that; write the ledger."""
            result = steps.execute_disposal(planned, part, parts)
            show_counts(words.of_disposal(result))
            return result

        @task(
            task_display_name="close the plan",
            outlets=[disposed(category)],
            multiple_outputs=True,
            map_index_template=COUNTS,
            trigger_rule="all_done",
        )
        def close(planned: dict[str, Any], results: Any, outlet_events: Any = None) -> dict[str, Any]:
            """Count what became of all parts, also where one of them failed; let the plan's items go."""
            result = steps.close_disposal(planned, list(results))
            outlet_events[disposed(category)].extra = steps.counts_of_disposal(planned, result)
            show_counts(words.of_disposal(result))
            return result

        planned = plan.expand(category=[category])
        close.partial(results=dispose.expand(planned=planned, part=list(range(parts)))).expand(planned=planned)
    return dag


def other_disposals_dag(dag_id: str, *, schedule: str, doc: str | None) -> DAG:
    """A DAG for every category that has a rule and no DAG of its own, found when it runs, so that a new one needs no Python.

    Cron times are UTC.
    """
    with retention_dag(dag_id, schedule, doc, "disposal") as dag:

        @task(task_display_name="find categories")
        def find() -> list[str]:
            """The categories that no other DAG disposes of, read when it runs."""
            return steps.other_categories(WITH_DAG)

        @task(task_display_name="plan", multiple_outputs=True, map_index_template=COUNTS)
        def plan(category: str, dag_run: Any = None) -> dict[str, Any]:
            """Find exactly what is due, freeze it with a digest, count what stays and why."""
            planned = steps.plan_disposal(category, "rows", dag_id, dag_run)
            show_counts(f"{category}: {words.of_plan(planned)}")
            return planned

        @task(task_display_name="dispose", multiple_outputs=True, map_index_template=COUNTS, outlets=[OTHERS_DISPOSED])
        def dispose(planned: dict[str, Any]) -> dict[str, Any]:
            """Delete, or anonymise, what the plan names, or less; confirm that; write the ledger."""
            result = steps.execute_disposal(planned)
            show_counts(f"{planned['category']}: {words.of_disposal(result)}")
            return result

        dispose.expand(planned=plan.expand(category=find()))
    return dag


def maintenance_dag(dag_id: str, *, category: str, days_ahead: int, schedule: str, doc: str | None) -> DAG:
    """A DAG that clears Airflow's own database by the rule of `category`, creates partitions for the days to come, lets our own
    records go in their time, and looks whether identifiers got into what is kept of the last runs.

    The four have nothing to do with each other: each may fail without the others. Cron times are UTC.
    """
    noted = partial(failures.note_failure, category=category)
    with retention_dag(dag_id, schedule, doc, "maintenance", category, on_failure_callback=noted) as dag:

        @task(task_display_name="find places")
        def find(kind: str) -> list[str]:
            """The data map's places of this kind, read when it runs."""
            return steps.places_of_kind(kind)

        @task(task_display_name="clear Airflow's database", multiple_outputs=True, map_index_template=COUNTS)
        def clear(place: str, dag_run: Any = None) -> dict[str, Any]:
            """Delete runs, events and audit entries that are due, and copies of them that were left behind."""
            cleared = steps.clear_airflow_metadata(place, dag_id, dag_run)
            show_counts(words.of_clearing(cleared))
            return cleared

        @task(task_display_name="create partitions", multiple_outputs=True, map_index_template=COUNTS)
        def create(place: str) -> dict[str, Any]:
            """Create empty partitions for the days to come; touches no data."""
            created = steps.create_partitions(place, days_ahead)
            show_counts(f"{created['place']}: {created['created']} created")
            return created

        @task(task_display_name="look for identifiers", multiple_outputs=True, map_index_template=COUNTS)
        def look_for_identifiers(days: int) -> dict[str, Any]:
            """Look at our own tables, Airflow's records and its task logs for people's addresses and numbers."""
            looked = steps.look_for_identifiers(days)
            show_counts(f"{looked['verdict']}: {sum(looked['looked_at'].values())} texts")
            return looked

        @task(task_display_name="let our own records go", multiple_outputs=True, map_index_template=COUNTS)
        def prune(what: str) -> dict[str, Any]:
            """Delete what our own records' rules let go by now: results, reports, plans, what went, ended holds."""
            assert what == OWN_RECORDS
            pruned = steps.prune_records(dag_id)
            show_counts(words.of_pruning(pruned))
            return pruned

        prune.expand(what=[OWN_RECORDS])
        clear.expand(place=find.override(task_id="find_databases")("airflow"))
        look_for_identifiers.expand(days=[2])
        create.expand(place=find.override(task_id="find_tables")("partitions"))
    return dag


def canary_dag(dag_id: str, *, schedule: str, doc: str | None) -> DAG:
    """A DAG that plants canaries where the last ones are old enough. Cron times are UTC."""
    with retention_dag(dag_id, schedule, doc, "verification") as dag:

        @task(task_display_name="plant canaries", multiple_outputs=True, map_index_template=COUNTS)
        def plant(where: str, dag_run: Any = None) -> dict[str, Any]:
            """Write invented items that are due, and some that a hold keeps, into every place that allows them."""
            assert where == EVERYWHERE  # each place has a rhythm of its own
            planted = steps.plant_canaries(dag_id, dag_run)
            show_counts(words.of_planting(planted))
            return planted

        plant.expand(where=[EVERYWHERE])
    return dag


def verification_dag(dag_id: str, *, schedule: str, doc: str | None) -> DAG:
    """A DAG that proves, reports and judges: after each disposal, and by its own clock (cron, UTC) in any case."""
    after_disposal = AssetOrTimeSchedule(
        timetable=CronTriggerTimetable(schedule, timezone="UTC"),
        assets=AssetAny(OTHERS_DISPOSED, *(disposed(name) for name in WITH_DAG)),
    )
    with retention_dag(dag_id, after_disposal, doc, "verification") as dag:

        @task(
            task_display_name="verify the stores",
            multiple_outputs=True,
            execution_timeout=TIMEOUTS["listing"],
            outlets=[VERIFIED],
            map_index_template=COUNTS,
        )
        def verify(where: str, outlet_events: Any = None) -> dict[str, Any]:
            """List the stores anew, with another identity and other code, and hold them against the promises."""
            assert where == EVERYWHERE  # no part of the stores is ever verified alone
            result = steps.verify_stores()
            outlet_events[VERIFIED].extra = {name: result[name] for name in ("verdict", "findings")}
            show_counts(words.of_check(result))
            return result

        @task(task_display_name="write the report", multiple_outputs=True, map_index_template=COUNTS)
        def report(check: dict[str, Any]) -> dict[str, Any]:
            """Keep the check report for the page in the UI."""
            written = steps.write_report(check["check_run_id"])
            show_counts("kept for the page Retention")
            return written

        @task(task_display_name="judge", retries=0, map_index_template=COUNTS)
        def judge(check: dict[str, Any]) -> str:
            """Fail unless compliant, so that a breach is red in the grid."""
            show_counts(check["verdict"])
            return steps.judge(check["verdict"], check["findings"])

        checked = verify.expand(where=[EVERYWHERE])
        report.expand(check=checked) >> judge.expand(check=checked)
    return dag


def signing_dag(dag_id: str, *, schedule: str, doc: str | None) -> DAG:
    """A DAG that signs what the ledger holds, and keeps that outside of our own database. Cron times are UTC."""
    with retention_dag(dag_id, schedule, doc, "evidence") as dag:

        @task(task_display_name="sign and anchor", multiple_outputs=True, map_index_template=COUNTS)
        def sign(what: str) -> dict[str, Any]:
            """Sign the ledger's size and Merkle root; write it to the locked bucket."""
            assert what == "ledger"  # there is one
            signed = signing_steps.sign_ledger()
            show_counts(words.of_signing(signed))
            return signed

        sign.expand(what=["ledger"])
    return dag


def backup_dag(dag_id: str, *, schedule: str, doc: str | None) -> DAG:
    """A DAG that backs up our own database and lists what went, into a folder elsewhere. Cron times are UTC."""
    with retention_dag(dag_id, schedule, doc, "evidence") as dag:

        @task(task_display_name="back up our own database", multiple_outputs=True, map_index_template=COUNTS)
        def back_up(what: str) -> dict[str, Any]:
            """Write a backup, and let go those whose time is over."""
            assert what == OWN_RECORDS
            written = backup_steps.back_up(dag_id)
            show_counts(words.of_writing(written, "ledger entries"))
            return written

        @task(task_display_name="list what went", multiple_outputs=True, map_index_template=COUNTS)
        def export_list(what: str) -> dict[str, Any]:
            """Write the replay list, and let go those that cover no backup any more."""
            assert what == OWN_RECORDS
            written = backup_steps.export_list(dag_id)
            show_counts(words.of_writing(written, "items"))
            return written

        back_up.expand(what=[OWN_RECORDS])
        export_list.expand(what=[OWN_RECORDS])
    return dag
