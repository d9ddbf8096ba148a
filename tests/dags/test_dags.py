"""What every DAG must have before an engineer sees it: owner, page, retries, pool, callback; and that parsing stays light."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from retention.local.accounts import DAGS_OF_ENGINEERS
from retention.policy.loader import load_policy
from retention.settings import INCLUDE

ROOT = Path(__file__).resolve().parents[2]
DISPOSALS = {
    "dispose_audio": "audio",
    "dispose_audio_listing": "audio",
    "dispose_transcripts": "transcript",
    "dispose_leads": "leads",
    "dispose_marketing": "marketing",
    "dispose_logs": "logs",
    "dispose_usage": "usage",
}
DAG_IDS = {
    "airflow_maintenance",
    "back_up",
    "manual_purge",
    *DISPOSALS,
    "dispose_others",
    "plant_canaries",
    "sign_ledger",
    "verify_retention",
}


@pytest.fixture(scope="module")
def dags() -> dict[str, Any]:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(ROOT / "dags"))
    assert bag.import_errors == {}
    return dict(bag.dags)


def test_these_dags_and_no_others_are_there(dags: dict[str, Any]) -> None:
    assert dags.keys() == DAG_IDS
    assert {path.stem for path in (ROOT / "dags").glob("*.py")} == DAG_IDS, "one file per DAG, named like it"


def test_engineers_may_start_and_mend_every_dag() -> None:
    assert set(DAGS_OF_ENGINEERS) == DAG_IDS - {"manual_purge"}, "all but the DAG that only people on call may start"


@pytest.mark.parametrize("dag_id", sorted(DAG_IDS - {"manual_purge"}))
def test_a_dag_has_what_its_users_need(dags: dict[str, Any], dag_id: str) -> None:
    dag = dags[dag_id]
    assert dag.max_active_runs == 1 and not dag.catchup
    assert "retention" in dag.tags
    for words in ("**What it does.**", "**What it does not guarantee.**", "**When"):
        assert words in dag.doc_md
    for task in dag.tasks:
        assert task.owner == "platform-engineering"
        assert task.pool == "retention"
        assert task.on_failure_callback
        assert task.execution_timeout is not None
        if task.task_id != "judge":  # what was found doesn't change by looking again
            assert task.retries >= 1 and task.retry_exponential_backoff


@pytest.mark.parametrize("dag_id", sorted(DISPOSALS))
def test_a_dag_s_page_names_no_period_that_its_rule_does_not_have(dags: dict[str, Any], dag_id: str) -> None:
    rule = load_policy(INCLUDE / "policies").rule(DISPOSALS[dag_id])
    starts = [start for version in rule.versions for start in version.start_points if not start.never]
    known = {period for start in starts for period in (start.due_after, start.deadline_after)}
    said = re.findall(r"\b([0-9]+)[ -]days?(?:\s+([0-9]+)\s+hours)?", dags[dag_id].doc_md)
    assert {timedelta(days=int(days), hours=int(hours or 0)) for days, hours in said} <= known


@pytest.mark.parametrize(
    ("dag_id", "task_id", "hours"),
    [
        pytest.param("dispose_audio", "dispose", 40 / 60, id="rows"),
        pytest.param("dispose_audio_listing", "plan", 6, id="a full listing"),
        pytest.param("dispose_audio_listing", "dispose", 6, id="what a full listing found"),
        pytest.param("verify_retention", "verify", 6, id="verification lists all, too"),
    ],
)
def test_a_task_that_lists_whole_buckets_has_time_for_it(
    dags: dict[str, Any], dag_id: str, task_id: str, hours: float
) -> None:
    assert dags[dag_id].get_task(task_id).execution_timeout == timedelta(hours=hours)


@pytest.mark.parametrize("dag_id", sorted(DISPOSALS))
def test_a_failed_task_says_whose_run_it_was(dags: dict[str, Any], dag_id: str) -> None:
    coverage = "listing" if dag_id.endswith("_listing") else "rows"
    for task in dags[dag_id].tasks:
        kept = task.partial_kwargs if task.is_mapped else vars(task)
        noted = kept["on_failure_callback"]
        (note,) = noted if isinstance(noted, list) else [noted]
        assert note.keywords == {"category": DISPOSALS[dag_id], "coverage": coverage}


def test_verification_runs_after_each_disposal_and_by_its_own_clock(dags: dict[str, Any]) -> None:
    from airflow.sdk import AssetAny, AssetOrTimeSchedule

    schedule = dags["verify_retention"].timetable
    assert isinstance(schedule, AssetOrTimeSchedule)
    assert isinstance(schedule.asset_condition, AssetAny), "after each of them, not after all of them"
    waited_for = {asset.name for asset in schedule.asset_condition.objects}
    outlets = {(dag_id, outlet.name) for dag_id in DISPOSALS for task in dags[dag_id].tasks for outlet in task.outlets}
    assert outlets == {(dag_id, f"{category}_disposed") for dag_id, category in DISPOSALS.items()}
    assert waited_for == {name for _, name in outlets} | {"others_disposed"}


def test_every_category_with_a_rule_has_a_dag_of_its_own_or_goes_with_the_others() -> None:
    from retention.orchestration.dags import WITH_DAG
    from retention.orchestration.steps import other_categories

    assert set(WITH_DAG) == set(DISPOSALS.values())
    assert other_categories(WITH_DAG) == []
    assert other_categories(("logs",)) == sorted(load_policy(INCLUDE / "policies").rules.keys() - {"logs"})


@pytest.mark.parametrize(
    ("dag_id", "task_id"),
    [
        *((dag_id, task_id) for dag_id in sorted(DISPOSALS) for task_id in ("plan", "dispose", "close")),
        ("verify_retention", "verify"),
    ],
)
def test_the_run_s_page_shows_what_a_task_counted(dags: dict[str, Any], dag_id: str, task_id: str) -> None:
    task = dags[dag_id].get_task(task_id)
    assert task.is_mapped and task.partial_kwargs["map_index_template"] == "{{ counts }}"


def test_the_report_is_written_before_the_run_is_judged(dags: dict[str, Any]) -> None:
    judge = dags["verify_retention"].get_task("judge")
    assert judge.upstream_task_ids == {"verify", "report"}


PARSE_EACH = """
import os, pathlib, runpy, sys
import airflow.sdk  # takes two seconds, and every DAG file needs it

for path in sys.argv[1:]:
    if os.fork() == 0:  # a file sees nothing of what another one loaded
        runpy.run_path(path)
        heavy = {"great_expectations", "pandas", "boto3", "psycopg"} & sys.modules.keys()
        print(pathlib.Path(path).stem, *sorted(heavy), flush=True)
        os._exit(0)
    assert os.wait()[1] == 0, path
"""


@pytest.fixture(scope="module")
def heavy_libraries() -> dict[str, list[str]]:
    """By DAG file: what parsing it loads that takes long."""
    done = subprocess.run(
        [sys.executable, "-c", PARSE_EACH, *(str(ROOT / "dags" / f"{dag_id}.py") for dag_id in sorted(DAG_IDS))],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "include")},
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    return {words[0]: words[1:] for words in lines if words and words[0] in DAG_IDS}


@pytest.mark.parametrize("dag_id", sorted(DAG_IDS))
def test_parsing_loads_no_heavy_library(heavy_libraries: dict[str, list[str]], dag_id: str) -> None:
    assert heavy_libraries[dag_id] == []
