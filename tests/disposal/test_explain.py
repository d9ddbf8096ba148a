"""What an item waits for, and why a log file stays or goes: nobody else's ids are in the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.log_world import DAY, FILES, MAP, OBJECTS, LogWorld
from tests.table_world import MAP as TABLE_MAP
from tests.table_world import SQL, TableWorld
from tests.world import HASHER, now

from retention.cli.disposal import explanation_words
from retention.disposal.explain import explain_item
from retention.errors import DataMapError, RequestError

OLD, YOUNG = 15 * DAY, 2 * DAY
COUNTED = SQL["transcripts.sql"].replace(
    "t.waits\n", "t.waits, (SELECT count(*) FROM contacts) AS waits_for_contacts, 0::bigint AS waits_for_usage_events\n"
)


def explain_row(tables: TableWorld, key: str) -> dict[str, Any]:
    return explain_item(tables.runtime, "transcripts", key, as_of=now(), asked_by="anna")


def test_what_a_row_waits_for_is_counted_by_place(tables: TableWorld, tmp_path: Path) -> None:
    tables.remap(tmp_path / "counting", TABLE_MAP, transcripts=COUNTED)
    tables.add_contract("t1", 40 * DAY)
    key = tables.add_transcript("t1", waits=True)
    tables.add_contact(4711)
    tables.add_contact(4712)
    said = explain_row(tables, key)
    assert (said["status"], said["reason"]) == ("retain", "waits")
    assert said["waits_for"] == [{"place": "contacts", "items": 2}]
    assert "4711" not in json.dumps(said, default=str) and key not in json.dumps(said, default=str)
    tables.sql("DELETE FROM contacts; UPDATE transcripts SET waits = false")
    assert (explain_row(tables, key)["status"], explain_row(tables, key)["waits_for"]) == ("due", [])
    assert tables.dispose("transcript").gone == 1


def test_sql_that_counts_nothing_says_nothing_of_what_a_row_waits_for(tables: TableWorld) -> None:
    tables.add_contract("t1", 40 * DAY)
    assert explain_row(tables, tables.add_transcript("t1", waits=True))["waits_for"] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param(COUNTED.replace("waits_for_contacts", "waits_for_nothing"), "waits_for_nothing", id="unknown"),
        pytest.param(COUNTED.replace("t.waits,", ""), "no column 'waits'", id="without_waits"),
        pytest.param(COUNTED.replace("0::bigint", "'x'"), "waits_for_usage_events text", id="no_number"),
    ],
)
def test_a_plan_refuses_counts_that_mean_nothing(tables: TableWorld, tmp_path: Path, query: str, found: str) -> None:
    tables.remap(tmp_path / "counting", TABLE_MAP, transcripts=query)
    with pytest.raises(DataMapError, match=found):
        tables.plan("transcript")


def explain_file(log_world: LogWorld, place: str, name: str) -> dict[str, Any]:
    return explain_item(log_world.runtime(), place, name, as_of=now(), asked_by="anna")


@pytest.mark.parametrize(
    ("ages", "status", "reason"),
    [
        pytest.param((OLD, OLD + DAY), "overdue", "logged", id="overdue"),
        pytest.param((13 * DAY,), "due", "logged", id="due"),
        pytest.param((YOUNG,), "retain", "not_due", id="young"),
        pytest.param((OLD, YOUNG), "retain", "too_wide", id="youngest_is_not_due"),
        pytest.param((), "retain", "no_records", id="empty"),
    ],
)
@pytest.mark.parametrize("place", [OBJECTS, FILES])
def test_a_log_file_is_explained_as_it_is_planned(
    log_world: LogWorld, place: str, ages: tuple[timedelta, ...], status: str, reason: str
) -> None:
    (log_world.put if place == OBJECTS else log_world.write)("a.log", log_world.lines(*ages))
    name = "logs/a.log" if place == OBJECTS else "a.log"
    said = explain_file(log_world, place, name)
    assert (said["status"], said["reason"]) == (status, reason)
    assert (said["waits_for"], said["other_parts"]) == ([], {})
    records = [one and now() - one for one in (said["oldest_record_at"], said["youngest_record_at"])]
    expected = [max(ages), min(ages)] if ages else [None, None]
    assert records == [age and pytest.approx(age, abs=timedelta(minutes=5)) for age in expected]
    assert name not in json.dumps(said, default=str)
    noted = log_world.own_sql("SELECT * FROM retention.ledger")
    assert said["item_hash"] in str(noted)


def test_a_log_file_is_explained_with_its_holds(log_world: LogWorld) -> None:
    log_world.write("a.log", log_world.lines(OLD))
    log_world.hold(place=FILES, item_id="a.log")
    said = explain_file(log_world, FILES, "a.log")
    assert (said["status"], len(said["holds"]), len(said["held_until"])) == ("held", 1, 1)


@pytest.mark.parametrize(("content", "is_said"), [("dated", True), ("undated", False)])
def test_the_times_of_a_log_files_records_are_said_in_words(log_world: LogWorld, content: str, is_said: bool) -> None:
    log_world.write("a.log", log_world.lines(OLD, DAY) if is_said else b"no time here\n")
    said = explain_file(log_world, FILES, "a.log")
    assert ("its oldest record is of 20" in explanation_words(said)) is is_said


def test_versions_are_told_apart(log_world: LogWorld) -> None:
    for age in (OLD, OLD, YOUNG):
        log_world.put("a.log", log_world.lines(age))
    said = explain_file(log_world, OBJECTS, "logs/a.log")
    assert (said["status"], said["other_parts"]) == ("retain", {"overdue": 2})
    versions = log_world.s3.list_object_versions(Bucket=log_world.bucket, Prefix="logs/a.log")["Versions"]
    [old, _] = [one["VersionId"] for one in versions if not one["IsLatest"]]
    said = explain_file(log_world, OBJECTS, f"logs/a.log#{old}")
    assert (said["status"], said["other_parts"]) == ("overdue", {})
    assert said["item_hash"] == HASHER.item(OBJECTS, f"logs/a.log#{old}").hex()


@pytest.mark.parametrize(
    ("place", "name"),
    [
        pytest.param(OBJECTS, "logs/b.log", id="no_object"),
        pytest.param(OBJECTS, "other/a.log", id="outside_the_prefix"),
        pytest.param(FILES, "b.log", id="no_file"),
        pytest.param(FILES, "../beside.log", id="outside_the_folder"),
        pytest.param(FILES, "a.txt", id="outside_the_patterns"),
        pytest.param(FILES, "a.log#1", id="no_such_part"),
    ],
)
def test_a_file_that_is_not_there_is_refused(log_world: LogWorld, place: str, name: str) -> None:
    log_world.write("a.log", log_world.lines(OLD))
    log_world.write("a.txt", log_world.lines(OLD))
    log_world.write("../beside.log", log_world.lines(OLD))
    log_world.s3.put_object(Bucket=log_world.bucket, Key="other/a.log", Body=log_world.lines(OLD))
    with pytest.raises(RequestError, match="no such item"):
        explain_file(log_world, place, name)


def test_a_file_that_went_is_explained_by_when_it_went(log_world: LogWorld, settle: Callable[[], None]) -> None:
    log_world.put("a.log", log_world.lines(OLD))
    [version] = log_world.s3.list_object_versions(Bucket=log_world.bucket, Prefix="logs/a.log")["Versions"]
    settle()
    assert log_world.dispose().gone == 1
    with pytest.raises(RequestError, match="any more: it went"):
        explain_file(log_world, OBJECTS, f"logs/a.log#{version['VersionId']}")


def test_a_place_that_others_delete_from_is_refused(log_world: LogWorld) -> None:
    external = (
        "  vendor:\n    kind: external\n    category: logs\n    role: controller\n    owner: Platform Engineering\n"
        "    holder: A vendor\n    what: copies\n"
    )
    text = MAP.replace("BUCKET", log_world.bucket) + external
    (log_world.datamap_folder / "servers.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(
        RequestError, match=f"'vendor' of kind 'external', from which somebody else .* {FILES}, {OBJECTS}"
    ):
        explain_file(log_world, "vendor", "x")
