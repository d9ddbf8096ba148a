"""The sample's logs under the shipped roles: partitions, rows, objects and files that are past their limit go, all else stays."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from tests.sample.stores import Stores, fresh_stores
from tests.sample.table_facts import DATAMAP
from tests.world import World, next_second, now, postgres_connection

from retention.connections import Connection, parse
from retention.datamap.loader import MappedPlace
from retention.disposal.execute import DisposalSummary, execute_plan
from retention.disposal.plan import make_plan
from retention.local.postgres_server import PostgresServer
from retention.local.s3_server import S3Server
from retention.sample.record_cases import RECORD_CASES
from retention.settings import INCLUDE

_ROLES = INCLUDE / "sql" / "roles"
PLACES = ("audit_log", "request_log", "server_log_objects", "server_log_files")
CASES = [case for case in RECORD_CASES if case.place in PLACES]


@pytest.fixture(scope="module")
def company(
    postgres_server: PostgresServer, s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stores, World]]:
    """The company right after its load, with a login of exactly the disposing role's rights."""
    name, secret = f"disposer_{secrets.token_hex(6)}", secrets.token_hex(16)
    with psycopg.connect(postgres_server.conninfo(), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(7399)")
        connection.execute((_ROLES / "roles.sql").read_bytes())
        statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE retention_disposal")
        connection.execute(statement.format(sql.Identifier(name), sql.Literal(secret)))
    with fresh_stores(postgres_server, s3_server) as stores:
        stores.load(calls=1)
        next_second()
        with psycopg.connect(postgres_server.conninfo(str(conninfo_to_dict(stores.company)["dbname"]))) as connection:
            connection.execute((_ROLES / "source.sql").read_bytes())
            owner = sql.Identifier(str(conninfo_to_dict(stores.company)["user"]))  # stands for company_app
            connection.execute(sql.SQL("GRANT company_log_owner TO {}").format(owner))
        objects = DATAMAP.places["server_log_objects"]
        assert isinstance(objects, MappedPlace)
        here = replace(objects, spec=objects.spec.model_copy(update={"bucket": stores.log_bucket}))
        datamap = replace(DATAMAP, places={**DATAMAP.places, "server_log_objects": here})
        connections = {
            "company_db": postgres_connection("company_db", make_conninfo(stores.company, user=name, password=secret)),
            "company_s3": parse("company_s3", s3_server.airflow_connection("disposal")),
            "retention_db": postgres_connection("retention_db", stores.own),
            "server_files": mounted("server_files", stores.folder),
            "airflow_logs": mounted("airflow_logs", tmp_path_factory.mktemp("airflow")),
        }
        world = World(stores.company, stores.own, stores.bucket, stores.s3, connections, datamap)
        world.own_sql(
            "INSERT INTO retention.mode_changes (category, mode, changed_by, reason) VALUES ('logs', 'enforce', 'anna', 'test')"
        )
        yield stores, world


def mounted(name: str, folder: Path) -> Connection:
    return Connection(name, "fs", extra={"path": str(folder)})


def dispose(world: World, run: str) -> DisposalSummary:
    plan = make_plan(world.runtime(), "logs", as_of=now(), run_id=run, requested_by="test")
    return execute_plan(world.runtime(), plan.plan_id, plan.digest)


def left(stores: Stores) -> dict[str, int]:
    """By case, how many of its items are there."""
    keys = {key for kind, key, _ in stores.parts(stores.log_bucket) if kind == "version"}
    files = {str(path.relative_to(stores.folder)) for path in stores.folder.rglob("*") if path.is_file()}
    tables = {f"{schema}.{name}" for schema, name in stores.rows("SELECT schemaname, tablename FROM pg_tables")}
    rows = {str(row[0]) for row in stores.rows("SELECT event_id FROM audit_log")}
    there = {"audit_log": rows, "request_log": tables, "server_log_objects": keys, "server_log_files": files}
    found = dict.fromkeys((case.name for case in CASES), 0)
    for name, place, item_id in stores.rows("SELECT case_name, place, item_id FROM sample.records"):
        if name in found:
            found[name] += item_id in there[place]
    return found


def test_logs_past_their_limit_go_and_no_other(company: tuple[Stores, World]) -> None:
    stores, world = company
    before = left(stores)
    assert before == {case.name: case.count for case in CASES}
    ((young,),) = stores.rows("SELECT count(*) FROM logs.request_log WHERE logged_at > now() - interval '11 days'")
    summary = dispose(world, "first")
    assert (summary.failed, summary.gone > 0) == (0, True)
    going = {case.name for case in CASES if case.expected in ("due", "overdue")} - {"partition_too_wide"}
    assert left(stores) == {name: 0 if name in going else count for name, count in before.items()}
    ((oldest, kept),) = stores.rows(
        "SELECT now() - min(logged_at) < interval '12 days', count(*) FILTER (WHERE logged_at > now() - interval '11 days')"
        " FROM logs.request_log"
    )
    assert (oldest, kept) == (True, young)
    assert dispose(world, "second").gone == 0
