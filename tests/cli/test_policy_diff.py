"""What a change of the policy's documents would make due, counted on real stores before anything is merged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.audio_alone import audio_policies
from tests.logs import RULE as LOGS
from tests.world import INCLUDE, World, now
from typer.testing import CliRunner

from retention.cli import app
from retention.policy.periods import start_of_day

DAY = timedelta(days=1)
Run = Callable[..., dict[str, Any]]
Edit = Callable[..., str]

LEADS = """
category: leads
clause: leads
owner: Sales
action: delete
schedule: {longest_interval: PT25H, missed_runs_tolerated: 1, run_time: PT2H, store_lag: PT10M, clock_skew: PT10M}
volume_limit: {items: 500, share: 0.9, share_above_items: 50, unlinked_items: 5}
plan_valid_for: PT6H
after_protection: PT48H
versions:
  - version: 1
    policy_version: "2025-08-03"
    effective_from: 2025-08-03
    approved_by: Data Protection Officer
    start_points:
      - {event: lead_created, every_item: true, never: true}
      - {event: contract_ended, limit: P30D, lead: PT72H, may_lie_ahead: true}
      - {event: instruction_received, allowed_latency: PT72H, on_request: true}
"""
LEADS_PLACE = """
  crm_leads:
    kind: table
    category: leads
    role: processor
    owner: Sales
    connection: company_db
    table: public.crm_leads
    id_column: lead_id
    facts: {items: sql/leads.sql, check_items: sql/check_leads.sql}
"""
LEADS_SQL = """
SELECT lead_id AS item_id, 't1' AS tenant_id, CAST(lead_id AS text) AS person_id, created_at AS evidence_at,
    created_at AS start_lead_created, ended_at AS start_contract_ended, CAST(NULL AS timestamptz) AS start_instruction_received
FROM public.crm_leads AS {name}
"""


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """A copy of the shipped policies in which one text stands for another."""

    def edit(name: str, *replaced: str, file: str = "audio.yaml") -> str:
        folder = tmp_path / name
        audio_policies(folder)
        path = folder / file
        text = path.read_text("utf-8")
        for wanted, instead in zip(replaced[::2], replaced[1::2], strict=True):
            assert wanted in text
            text = text.replace(wanted, instead)
        path.write_text(text, "utf-8")
        return str(folder)

    return edit


@pytest.fixture
def recordings(world: World) -> None:
    """One past the cap, one of 22 days, one of 10; one of 22 days under a hold."""
    world.add_recording(age=40 * DAY)
    world.add_recording(age=22 * DAY)
    world.add_recording(age=10 * DAY)
    held = world.add_recording(age=22 * DAY)
    world.add_hold(place="call_recordings", item_id=held.recording_id)


def the_place(said: dict[str, Any]) -> dict[str, Any]:
    [category] = said["categories"]
    [place] = category["places"]
    return dict(place)


@pytest.mark.usefixtures("recordings")
def test_a_shorter_limit_makes_more_due_and_a_hold_still_holds(run: Run, edited: Edit) -> None:
    said = run("policy", "diff", edited("old"), edited("new", "limit: P30D", "limit: P20D"))
    assert the_place(said) == {
        "place": "call_recordings",
        "counted": True,
        "due_before": 1,
        "due_after": 2,
        "newly_due": 1,
        "newly_due_by_reason": {"recording_started": 1},
        "no_longer_due": 0,
        "no_longer_due_by_reason": {},
    }
    assert "30 days" in said["categories"][0]["before"]
    assert "20 days" in said["categories"][0]["after"]


@pytest.mark.usefixtures("recordings")
def test_a_longer_lead_and_the_way_back_count_alike(run: Run, edited: Edit) -> None:
    old, new = edited("old"), edited("new", "limit: P30D", "limit: P20D")
    said = the_place(run("policy", "diff", new, old))
    assert (said["due_before"], said["due_after"]) == (2, 1)
    assert said["no_longer_due_by_reason"] == {"not_due": 1}
    assert said["newly_due"] == 0


@pytest.mark.usefixtures("recordings")
def test_a_rule_that_is_not_changed_is_not_counted(run: Run, edited: Edit) -> None:
    said = run(
        "policy", "diff", edited("old"), edited("new", "owner: Platform Engineering", "owner: Platform Engineering ")
    )
    assert said["categories"] == []
    assert said["unchanged"] == ["audio"]


@pytest.mark.usefixtures("recordings")
def test_a_rule_that_is_dropped_keeps_everything(run: Run, edited: Edit, tmp_path: Path) -> None:
    old, new = edited("old"), edited("new")
    shutil.copy(INCLUDE / "policies" / "audio.yaml", tmp_path / "other.yaml")
    (Path(new) / "audio.yaml").unlink()
    (Path(new) / "leads.yaml").write_text(LEADS, "utf-8")
    said = run("policy", "diff", old, new)
    by_name = {one["category"]: one for one in said["categories"]}
    [place] = by_name["audio"]["places"]
    assert (place["due_before"], place["due_after"], place["no_longer_due_by_reason"]) == (1, 0, {"no_rule": 1})
    assert by_name["leads"]["before"] is None
    assert by_name["leads"]["places"] == []


@pytest.mark.usefixtures("recordings")
def test_a_rule_that_is_not_in_force_yet_keeps_everything(run: Run, edited: Edit) -> None:
    old, new = edited("old"), edited("new", "effective_from: 2025-08-03", "effective_from: 2199-01-01")
    place = the_place(run("policy", "diff", old, new))
    assert (place["due_before"], place["due_after"], place["no_longer_due_by_reason"]) == (1, 0, {"no_rule": 1})


@pytest.mark.usefixtures("recordings")
def test_a_version_that_takes_effect_later_is_judged_as_of_then(run: Run, edited: Edit) -> None:
    """By then the hold has ended."""
    old = edited("old")
    text = (Path(old) / "audio.yaml").read_text("utf-8")
    first = text[text.index("  - version: 1") :]
    coming = (now() + 3 * DAY).date()
    second = first.replace("version: 1", "version: 2").replace("from: 2025-08-03", f"from: {coming}")
    new = edited("new", first, first + second.replace("limit: P30D", "limit: P20D"))
    said = run("policy", "diff", old, new)
    assert said["categories"][0]["as_of"] == start_of_day(coming).isoformat()
    assert the_place(said)["newly_due_by_reason"] == {"recording_started": 2}


def test_an_earlier_instant_is_judged_as_it_was(run: Run, edited: Edit, world: World) -> None:
    world.add_recording(age=22 * DAY)
    old, new = edited("old"), edited("new", "limit: P30D", "limit: P20D")
    before = (world.sql("SELECT now() - interval '5 days'")[0][0]).isoformat()
    assert the_place(run("policy", "diff", old, new))["newly_due"] == 1
    assert the_place(run("policy", "diff", old, new, "--as-of", before))["newly_due"] == 0


@pytest.mark.usefixtures("recordings")
def test_nothing_is_written_anywhere(run: Run, edited: Edit, world: World) -> None:
    def everything() -> tuple[Any, ...]:
        own = world.own_sql(
            "SELECT (SELECT count(*) FROM retention.plans) AS p, (SELECT count(*) FROM retention.ledger) AS l"
        )
        return (own, world.sql("SELECT count(*) FROM recordings"), world.parts())

    before = everything()
    run("policy", "diff", edited("old"), edited("new", "limit: P30D", "limit: P20D"))
    assert everything() == before


def test_rows_of_a_table_are_compared_too(run: Run, edited: Edit, world: World, tmp_path: Path) -> None:
    world.sql("DROP TABLE crm_leads")
    world.sql("CREATE TABLE crm_leads (lead_id bigint PRIMARY KEY, created_at timestamptz, ended_at timestamptz)")
    world.sql(
        "INSERT INTO crm_leads SELECT n, now() - interval '90 days', now() - n * interval '4 days' FROM generate_series(1, 10) n"
    )
    datamap = tmp_path / "datamap"
    for name in ("leads", "check_leads"):
        (datamap / "sql" / f"{name}.sql").write_text(LEADS_SQL.format(name=name), "utf-8")
    path = datamap / "company.yaml"
    path.write_text(path.read_text("utf-8") + LEADS_PLACE, "utf-8")
    old, new = edited("old"), edited("new")
    (Path(old) / "leads.yaml").write_text(LEADS, "utf-8")
    (Path(new) / "leads.yaml").write_text(LEADS.replace("limit: P30D", "limit: P15D"), "utf-8")
    said = the_place(run("policy", "diff", old, new))
    # 30 d − 72 h = 27 d: those of 28 … 40 d; 15 d − 72 h = 12 d: those of 12 … 40 d.
    assert (said["due_before"], said["due_after"]) == (4, 8)
    assert said["newly_due_by_reason"] == {"contract_ended": 4}


def test_log_files_are_compared_by_their_records(
    run: Run, edited: Edit, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "var"
    folder.mkdir()
    for days in (13, 9, 5):
        at = world.sql("SELECT to_char(now() - %s * interval '1 day', 'YYYY-MM-DD\"T\"HH24:MI:SSOF')", days)[0][0]
        (folder / f"{days}.log").write_text(f'{{"time": "{at}:00", "message": "x"}}\n', "utf-8")
    (tmp_path / "datamap" / "hosts.yaml").write_text(
        "system: hosts\nowner: Engineering\n"
        "connections:\n  hosts: {kind: files, disposal: hosts, verification: hosts_verify}\n"
        "places:\n  host_logs: {kind: files, category: logs, role: controller, owner: Engineering, connection: hosts, "
        "patterns: ['*.log']}\n",
        "utf-8",
    )
    mounted = json.dumps({"conn_type": "fs", "extra": {"path": str(folder)}})
    monkeypatch.setenv("AIRFLOW_CONN_HOSTS", mounted)
    old, new = edited("old"), edited("new")
    (Path(old) / "logs.yaml").write_text(LOGS, "utf-8")
    (Path(new) / "logs.yaml").write_text(LOGS.replace("limit: P14D", "limit: P10D"), "utf-8")
    said = the_place(run("policy", "diff", old, new))
    # 14 d − 49 h < 13 d; 10 d − 49 h < 9 d, 13 d.
    assert (said["due_before"], said["due_after"]) == (1, 2)
    assert said["newly_due_by_reason"] == {"logged": 1}
    assert the_place(run("policy", "diff", new, old))["no_longer_due_by_reason"] == {"not_due": 1}
    assert len(list(folder.iterdir())) == 3


@pytest.mark.usefixtures("recordings")
def test_in_words(run: Run, edited: Edit) -> None:
    result = CliRunner().invoke(app, ["policy", "diff", edited("old"), edited("new", "limit: P30D", "limit: P20D")])
    assert result.exit_code == 0
    assert (
        "  call_recordings: 1 due before, 2 due after\n    1 newly due: 1 age since the recording started"
        in result.stdout
    )
    assert result.stdout.endswith("no rules unchanged\n")


def test_documents_that_make_no_sense_are_refused_with_file_and_line(run: Run, edited: Edit) -> None:
    said = run("policy", "diff", edited("old"), edited("new", "limit: P30D", "limit: P60D"), code=2)
    assert said["error"] == "PolicyError"
    assert said["errors"][0]["file"].endswith("new/audio.yaml")


def test_a_store_that_does_not_answer_makes_the_difference_unknown(
    run: Run, edited: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_COMPANY_DB", '{"conn_type": "postgres", "host": "127.0.0.1", "port": 1, "schema": "x"}'
    )
    run("policy", "diff", edited("old"), edited("new", "limit: P30D", "limit: P20D"), code=3)
