"""Partitioned log tables on a real server: every partition's oldest record against the promise, and what hangs on nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.databases import fresh_database
from tests.logs import PARTITIONS, LogsWorld
from tests.stores.partitioned import LogTable
from tests.stores.test_partition_store import interrupt_detach
from tests.verification.conftest import postgres_connection
from tests.world import DAY, HASHER, HOUR, now

from retention.connections import postgres_conninfo
from retention.disposal.execute import execute_plan
from retention.disposal.plan import make_plan
from retention.settings import INCLUDE
from retention.verification import CheckResult, verify

PLACE = "request_log"
_TABLES = (
    "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
)
_HAS_STORED_AT = "SELECT 1 FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'stored_at'"
CAP = timedelta(hours=336)


@dataclass
class Logs:
    """The log table and the check that looks at it, as a role that may read and nothing else."""

    table: LogTable
    world: LogsWorld

    def add(self, oldest: timedelta, width: timedelta = DAY, name: str | None = None) -> str:
        """A partition that begins with a record of this age."""
        lower = now() - oldest
        part = self.table.add_partition(lower, lower + width, name)
        self.log(lower)
        return part

    def log(self, at: datetime | None, rows: int = 1, stored_at: datetime | None = None) -> None:
        self.table.log(at, rows, stored_at or at)

    def verify(self, as_of: datetime | None = None) -> CheckResult:
        """With no more rights than the check needs: when something was logged, and the id."""
        for (table,) in self.table.sql(_TABLES):
            columns = "id, logged_at" + (", stored_at" if self.table.sql(_HAS_STORED_AT, table) else "")
            self.table.sql(f"GRANT SELECT ({columns}) ON {table} TO retention_verify")
        return self.look(as_of)

    def look(self, as_of: datetime | None = None) -> CheckResult:
        return verify(
            ["logs"],
            as_of=as_of,
            resolve=self.world.connections.__getitem__,
            policies=self.world.policies,
            datamap=self.world.datamap,
            own_conninfo=postgres_conninfo(self.world.connections["retention_db_verify"]),
            hasher=HASHER,
        )

    def found(self) -> dict[str, int]:
        return {finding.kind: finding.count for finding in self.verify().findings}


@pytest.fixture
def logs(postgres_server: Any, templates: tuple[str, str], verifier: tuple[str, str], tmp_path: Path) -> Iterator[Logs]:
    with fresh_database(postgres_server) as source, fresh_database(postgres_server, templates[1]) as own:
        conninfos = postgres_server.conninfo(source), postgres_server.conninfo(own)
        world = LogsWorld(*conninfos, tmp_path, PLACE, PARTITIONS)
        world.connections["company_db_verify"] = postgres_connection("company_db_verify", conninfos[0], verifier)
        world.connections["retention_db_verify"] = postgres_connection("retention_db_verify", conninfos[1], verifier)
        world.build()
        world.own_sql((INCLUDE / "sql" / "roles" / "own.sql").read_text(encoding="utf-8"))
        yield Logs(LogTable(conninfos[0]).create(), world)


@pytest.mark.parametrize(
    ("oldest", "expected"),
    [
        pytest.param(CAP - HOUR, {}, id="an_hour_before_the_limit"),
        pytest.param(CAP + HOUR, {"past_cap": 1}, id="an_hour_beyond_the_limit"),
    ],
)
def test_a_partition_is_as_old_as_its_oldest_record(logs: Logs, oldest: timedelta, expected: dict[str, int]) -> None:
    logs.add(oldest)
    logs.log(now() - oldest + 20 * HOUR, 5)
    result = logs.verify()
    assert {one.kind: one.count for one in result.findings} == expected
    assert result.verdict == ("breach" if expected else "compliant")


def test_empty_partitions_are_no_data(logs: Logs) -> None:
    lower = now() - 40 * DAY
    logs.table.add_partition(lower, lower + DAY)
    logs.table.add_default()
    assert logs.found() == {}


@pytest.mark.parametrize("state", ["pending", "detached"])
def test_a_partition_that_is_being_detached_is_still_there(logs: Logs, state: str) -> None:
    name = logs.add(CAP + HOUR)
    logs.add(2 * DAY)
    if state == "pending":
        interrupt_detach(logs.table, name)
        assert logs.found() == {"past_cap": 1}
    else:
        logs.table.sql(f"ALTER TABLE request_log DETACH PARTITION {name}")
        assert logs.found() == {"past_cap": 1, "leftover_partition": 1}


def test_a_young_partition_that_hangs_on_nothing_is_a_finding(logs: Logs) -> None:
    name = logs.add(2 * DAY)
    logs.table.sql(f"ALTER TABLE request_log DETACH PARTITION {name}")
    result = logs.verify()
    assert [(one.kind, one.severity.value) for one in result.findings] == [("leftover_partition", "finding")]


@pytest.mark.parametrize(
    "table",
    [
        pytest.param("CREATE TABLE request_log_readers (id bigint, logged_at timestamptz)", id="other_columns"),
        pytest.param("CREATE TABLE archived_request_log (LIKE request_log)", id="another_name"),
        pytest.param("CREATE VIEW request_log_view AS SELECT * FROM request_log", id="a_view"),
    ],
)
def test_a_table_that_was_no_partition_is_left_to_coverage(logs: Logs, table: str) -> None:
    logs.add(2 * DAY)
    logs.table.sql(table)
    assert logs.found() == {}


@pytest.mark.parametrize(
    ("logged", "stored", "expected"),
    [
        pytest.param(None, None, {"undated": 1, "fallback_dated": 1}, id="no_time_at_all"),
        pytest.param(None, 2 * DAY, {"fallback_dated": 1}, id="no_time_and_stored_lately"),
        pytest.param(None, CAP + HOUR, {"fallback_dated": 1, "past_cap": 1}, id="no_time_and_stored_long_ago"),
        pytest.param(-30 * DAY, 2 * DAY, {"future_dated": 1, "fallback_dated": 1}, id="in_the_future"),
        pytest.param(-30 * DAY, None, {"future_dated": 1, "fallback_dated": 1, "undated": 1}, id="in_the_future_alone"),
        pytest.param(60 * 365 * DAY, 2 * DAY, {"fallback_dated": 1}, id="before_1990"),
        pytest.param(2 * DAY, CAP + HOUR, {"fallback_dated": 1, "past_cap": 1}, id="contradicted"),
    ],
)
def test_records_without_a_good_time_are_looked_at_one_by_one(
    logs: Logs, logged: timedelta | None, stored: timedelta | None, expected: dict[str, int]
) -> None:
    logs.table.add_default()
    logs.log(now() - DAY, 3)
    at = now()
    logs.table.log(at - logged if logged is not None else None, 1, at - stored if stored is not None else None)
    found = logs.found()
    assert {kind: found[kind] for kind in expected} == expected
    assert found.keys() - expected.keys() == set()


def test_a_record_in_a_default_partition_is_found(logs: Logs) -> None:
    logs.table.add_default()
    logs.log(now() - CAP - HOUR, 3)
    assert logs.found() == {"past_cap": 1}


def test_a_hold_on_the_category_makes_exceptions_of_breaches(logs: Logs) -> None:
    logs.add(CAP + HOUR)
    logs.world.add_hold(category="logs")
    found = logs.found()
    assert found["exception_hold"] == 1 and "past_cap" not in found


def test_a_hold_on_a_period_does_not_hide_what_lies_beside_it(logs: Logs) -> None:
    """Of one partition of 20 days, the records of days 5 to 10 are held."""
    oldest = 40 * DAY
    logs.add(oldest, width=20 * DAY)
    begin = now() - oldest
    for day in (7, 12):
        logs.log(begin + day * DAY)
    logs.world.add_hold(category="logs", started_from=begin + 5 * DAY, started_before=begin + 10 * DAY)
    found = logs.found()
    assert (found["past_cap"], found["exception_hold"]) == (1, 1)
    logs.table.sql("DELETE FROM request_log WHERE logged_at < %s OR logged_at > %s", begin + DAY, begin + 11 * DAY)
    found = logs.found()
    assert "past_cap" not in found and found["exception_hold"] == 1


def test_a_record_that_a_hold_names_is_an_exception_and_the_others_are_not(logs: Logs) -> None:
    name = logs.add(CAP + HOUR)
    logs.log(now() - CAP - HOUR / 2)
    held = logs.table.sql(f"SELECT id::text FROM {name} ORDER BY logged_at LIMIT 1")[0][0]
    logs.world.add_hold(place=PLACE, item_id=held)
    found = logs.found()
    assert (found["past_cap"], found["exception_hold"]) == (1, 1)
    logs.table.sql("DELETE FROM request_log WHERE id::text <> %s", held)
    assert "past_cap" not in logs.found()
    logs.table.sql("DELETE FROM request_log")
    assert logs.found()["protected_missing"] == 1


def test_what_disposal_leaves_is_compliant(logs: Logs) -> None:
    logs.add(30 * DAY)
    logs.add(CAP + 2 * DAY)
    logs.add(3 * DAY)
    assert logs.found() == {"past_cap": 2}
    runtime = logs.world.runtime()
    plan = make_plan(runtime, "logs", as_of=now(), run_id="test", requested_by="anna")
    assert execute_plan(runtime, plan.plan_id, plan.digest).gone == 2
    assert logs.verify().verdict == "compliant"


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        pytest.param(
            "REVOKE ALL (id, logged_at, stored_at) ON request_log_hidden FROM retention_verify",
            "42501",
            id="a_partition_without_rights",
        ),
        pytest.param("DROP TABLE request_log", "NotPartitioned", id="no_table"),
        pytest.param("ALTER TABLE request_log RENAME logged_at TO at", "NotPartitioned", id="no_time_column"),
        pytest.param("ALTER TABLE request_log RENAME stored_at TO at", "42703", id="no_evidence_column"),
    ],
)
def test_what_cannot_be_read_is_unknown(logs: Logs, break_it: str, says: str) -> None:
    logs.add(2 * DAY, name="request_log_hidden")
    logs.verify()
    logs.table.sql(break_it)
    result = logs.look()
    assert (result.verdict, list(result.places_failed.values())) == ("unknown", [says])
