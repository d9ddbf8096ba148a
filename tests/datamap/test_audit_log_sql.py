"""The shipped SQL of the audit log: a record may be about anybody, as in every other log."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.databases import fresh_database
from tests.logs import LogsWorld
from tests.verification.conftest import postgres_connection, verifier  # noqa: F401 - a fixture
from tests.world import DAY, HASHER, now

from retention.connections import postgres_conninfo
from retention.disposal.plan import make_plan
from retention.settings import INCLUDE
from retention.verification import verify

FIELDS = (
    "kind: table, table: public.audit_log, id_column: event_id, "
    "facts: {items: audit_log.sql, check_items: check_audit_log.sql}"
)


@pytest.fixture
def audit_log(
    postgres_server: Any,
    templates: tuple[str, str],
    verifier: tuple[str, str],  # noqa: F811
    tmp_path: Path,
) -> Iterator[LogsWorld]:
    with fresh_database(postgres_server) as source, fresh_database(postgres_server, templates[1]) as own:
        conninfos = postgres_server.conninfo(source), postgres_server.conninfo(own)
        world = LogsWorld(*conninfos, tmp_path, "audit_log", FIELDS)
        for name, conninfo in zip(("company_db_verify", "retention_db_verify"), conninfos, strict=True):
            world.connections[name] = postgres_connection(name, conninfo, verifier)
        world.build()
        for file in ("audit_log.sql", "check_audit_log.sql"):
            shutil.copy(INCLUDE / "datamap" / "sql" / file, world.datamap)
        world.own_sql((INCLUDE / "sql" / "roles" / "own.sql").read_text(encoding="utf-8"))
        with psycopg.connect(world.source, autocommit=True) as session:
            session.execute(
                "CREATE TABLE audit_log (event_id bigint PRIMARY KEY, logged_at timestamptz, stored_at timestamptz, message text)"
            )
            session.execute("GRANT SELECT ON audit_log TO retention_verify")
            session.execute(
                "INSERT INTO audit_log VALUES (1, %(at)s, %(at)s, 'somebody asked')", {"at": now() - 15 * DAY}
            )
        yield world


@pytest.mark.parametrize(
    "scope", [pytest.param({"person_id": "7"}, id="a_person"), pytest.param({"tenant_id": "t1"}, id="a_customer")]
)
def test_a_hold_on_anybody_keeps_the_audit_log_and_the_check_says_so(
    audit_log: LogsWorld, scope: dict[str, str]
) -> None:
    audit_log.add_hold(**scope)
    planned = make_plan(audit_log.runtime(), "logs", as_of=now(), run_id="r/1", requested_by="anna")
    assert (planned.due, planned.kept_by_reason) == (0, {"legal_hold": 1})
    result = verify(
        ["logs"],
        resolve=audit_log.connections.__getitem__,
        policies=audit_log.policies,
        datamap=audit_log.datamap,
        own_conninfo=postgres_conninfo(audit_log.connections["retention_db_verify"]),
        hasher=HASHER,
    )
    assert {finding.kind for finding in result.findings} == {"kept_in_doubt", "unrecorded_hold"}
