"""The sample's tables under the shipped roles: what its cases expect to go is gone, all else stays, and the check says so."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from tests.sample.stores import fresh_stores
from tests.sample.table_facts import DATAMAP, TABLES
from tests.world import HASHER, World, now, postgres_connection

from retention.connections import parse, postgres_conninfo
from retention.disposal.execute import execute_plan
from retention.disposal.explain import explain_item
from retention.disposal.plan import make_plan
from retention.local.postgres_server import PostgresServer
from retention.local.s3_server import S3Server
from retention.sample.record_cases import RECORD_CASES
from retention.settings import INCLUDE
from retention.verification import CheckResult, verify
from retention.verification.coverage.claims import claims_on
from retention.verification.coverage.tables import cover_database

_ROLES = INCLUDE / "sql" / "roles"
CATEGORIES = ("transcript", "leads", "marketing", "usage")
CASES = [case for case in RECORD_CASES if case.place in TABLES and TABLES[case.place].spec.category in CATEGORIES]
GOING = {case.name for case in CASES if case.expected in ("due", "overdue")}


@pytest.fixture(scope="module")
def world(postgres_server: PostgresServer, s3_server: S3Server) -> Iterator[World]:
    """The company right after its load, and logins with exactly the rights of the disposing and the verifying role."""
    secret = secrets.token_hex(16)
    logins = {role: f"{role}_{secrets.token_hex(6)}" for role in ("retention_disposal", "retention_verify")}
    with psycopg.connect(postgres_server.conninfo(), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(7399)")
        connection.execute((_ROLES / "roles.sql").read_bytes())
        for role, name in logins.items():
            statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}")
            connection.execute(statement.format(sql.Identifier(name), sql.Literal(secret), sql.Identifier(role)))
    with fresh_stores(postgres_server, s3_server) as stores:
        stores.load()
        for conninfo, script in ((stores.company, "source.sql"), (stores.own, "own.sql")):
            with psycopg.connect(postgres_server.conninfo(str(conninfo_to_dict(conninfo)["dbname"]))) as connection:
                connection.execute((_ROLES / script).read_bytes())
        reached = {
            "company_db": (stores.company, "retention_disposal"),
            "company_db_verify": (stores.company, "retention_verify"),
            "retention_db_verify": (stores.own, "retention_verify"),
        }
        connections = {
            name: postgres_connection(name, make_conninfo(conninfo, user=logins[role], password=secret))
            for name, (conninfo, role) in reached.items()
        }
        connections["retention_db"] = postgres_connection("retention_db", stores.own)
        connections["company_s3"] = parse("company_s3", s3_server.airflow_connection("disposal"))
        world = World(stores.company, stores.own, stores.bucket, stores.s3, connections, DATAMAP)
        for category in CATEGORIES:
            world.own_sql(
                "INSERT INTO retention.mode_changes (category, mode, changed_by, reason) VALUES (%s, 'enforce', 'anna', 'test')",
                category,
            )
        yield world


def dispose(world: World, category: str, run: int = 1) -> dict[str, int]:
    plan = make_plan(world.runtime(), category, as_of=now(), run_id=f"{category}/{run}", requested_by="test")
    return execute_plan(world.runtime(), plan.plan_id, plan.digest).spared


def check(world: World) -> CheckResult:
    return verify(
        CATEGORIES,
        resolve=world.connections.__getitem__,
        policies=INCLUDE / "policies",
        datamap=INCLUDE / "datamap",
        own_conninfo=postgres_conninfo(world.connections["retention_db_verify"]),
        hasher=HASHER,
    )


def rows_left(world: World) -> dict[str, list[bool]]:
    """By case, whether each of its rows is there as it was."""
    found: dict[str, list[bool]] = {}
    for case in CASES:
        spec = TABLES[case.place].spec
        done = "".join(
            f" AND {name} IS NOT DISTINCT FROM {'NULL' if to is None else repr(to)}"
            for name, to in spec.anonymise.items()
        )
        query = (
            f"SELECT t.{spec.id_column} IS NOT NULL{' AND NOT (true' + done + ')' if done else ''} FROM sample.records"
            f" LEFT JOIN {spec.table} AS t ON t.{spec.id_column}::text = item_id WHERE case_name = %s ORDER BY item_no"
        )
        found[case.name] = [bool(row[0]) for row in world.sql(query, case.name)]
    return found


def test_the_check_finds_what_the_cases_plant(world: World) -> None:
    result = check(world)
    counts: Counter[tuple[str, str | None]] = Counter()  # a finding for each place
    for one in result.findings:
        counts[one.kind, one.category] += one.count
    cases = {case.name: case for case in CASES}
    past_event = [
        case for case in CASES if case.expected == "overdue" and case.place not in ("usage_events", "calls", "callers")
    ]
    for category in ("leads", "marketing"):
        of_category = [case for case in past_event if TABLES[case.place].spec.category == category]
        assert counts["past_event", category] == sum(case.count for case in of_category)
    # Of the two customers that told us to delete, calls and callers are late with the transcripts.
    # To disposal a call or caller is due, because it may have waited until lately; no check ever saw these wait.
    alone = sum(
        case.count
        for case in CASES
        if TABLES[case.place].spec.category == "transcript"
        and (case.expected == "overdue" or (case.place in ("calls", "callers") and case.expected == "due"))
    )
    asked = sum(cases[name].count for name in ("transcript_requested_4_days_ago", "transcript_hold_against_request"))
    assert counts["past_event", "transcript"] == alone + 2 * asked
    overdue_usage = [case for case in CASES if case.expected == "overdue" and case.place == "usage_events"]
    assert counts["past_cap", "usage"] == sum(case.count for case in overdue_usage)
    assert counts["half_anonymised", "usage"] == cases["usage_half_anonymised"].count
    assert counts["owner_unknown", "transcript"] == cases["transcript_without_its_call"].count
    assert counts["duty_without_end", "transcript"] == cases["transcript_duty_without_end"].count * 3
    assert (result.verdict.value, result.places_failed) == ("breach", {})


def test_every_table_is_mapped_or_declared_and_nothing_that_stays_looks_personal(world: World) -> None:
    connection = world.connections["company_db_verify"]
    with psycopg.connect(postgres_conninfo(connection)) as session:
        found = cover_database(session, claims_on(DATAMAP, {"company_db"}, now()))
    assert (found.unmapped, found.personal, found.hidden) == ({}, [], {})
    assert (found.named_in_vain, found.declared_in_vain) == ({}, {})
    assert found.looked_at["columns_not_sampled"] == 0


def test_calls_and_callers_say_what_they_wait_for(world: World) -> None:
    ((call, caller, recordings, transcripts),) = world.sql(
        "SELECT c.call_id, c.caller_id, (SELECT count(*) FROM recordings r WHERE r.call_id = c.call_id), "
        "(SELECT count(*) FROM transcripts t WHERE t.call_id = c.call_id) FROM calls c WHERE c.caller_id IS NOT NULL "
        "AND EXISTS (SELECT FROM recordings r WHERE r.call_id = c.call_id) "
        "AND EXISTS (SELECT FROM transcripts t WHERE t.call_id = c.call_id) LIMIT 1"
    )
    ((calls,),) = world.sql("SELECT count(*) FROM calls WHERE caller_id = %s", caller)
    said = {
        place: explain_item(world.runtime(), place, str(item), as_of=now(), asked_by="test")["waits_for"]
        for place, item in (("calls", call), ("callers", caller))
    }
    assert said["calls"] == [
        {"place": "call_recordings", "items": recordings},
        {"place": "transcripts", "items": transcripts},
    ]
    assert said["callers"] == [{"place": "calls", "items": calls}]


def test_only_what_the_cases_expect_to_go_is_gone(world: World) -> None:
    before = rows_left(world)
    ((events,),) = world.sql("SELECT count(*) FROM usage_events")
    for category in CATEGORIES:  # calls wait for transcripts, callers for calls: all go in one run
        dispose(world, category)
    assert rows_left(world) == {name: [left and name not in GOING for left in rows] for name, rows in before.items()}
    assert world.sql("SELECT count(*) FROM usage_events") == [(events,)]
    result = check(world)
    assert [one.kind for one in result.findings if one.severity.value in ("breach", "unknown")] == []
    assert result.verdict.value == "compliant"


def test_who_was_imported_again_goes_with_the_next_run(world: World) -> None:
    for run in (2, 3):  # the first of two puts on the list who withdrew, whatever ran before
        dispose(world, "marketing", run)
    left = rows_left(world)
    again = ("contact_imported_again_in_other_spelling", "contact_imported_again_by_number")
    assert {name: set(left[name]) for name in again} == {name: {False} for name in again}
    assert set(left["contact_came_back"]) == {True}
