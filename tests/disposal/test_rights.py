"""A right that is missing is named before anything goes, with the statement that grants it; with that, the run works."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.stores.test_postgres_store import make_role
from tests.table_world import MAP, TableWorld
from tests.world import DAY, World, now, postgres_connection

from retention.disposal.plan import PlanSummary
from retention.errors import DataMapError

TRANSCRIPTS = (
    "GRANT SELECT ON contracts, requests, transcripts, segments, embeddings TO {role}",
    "GRANT UPDATE (transcript_id), DELETE ON transcripts TO {role}",
    "GRANT DELETE ON segments, embeddings TO {role}",
)
CONTACTS = ("GRANT SELECT ON contacts TO {role}", "GRANT UPDATE (contact_id), DELETE ON contacts TO {role}")
USAGE = ("GRANT SELECT ON usage_events TO {role}", "GRANT UPDATE (ip, agent) ON usage_events TO {role}")
RIGHTS = {"transcript": TRANSCRIPTS, "marketing": CONTACTS, "usage": USAGE}


def log_in(tables: TableWorld, *rights: str) -> str:
    """Disposal as a role with these rights; gives its name."""
    role, conninfo = make_role(tables.company, *rights)
    connection = postgres_connection("company_db", conninfo)
    tables.runtime = replace(tables.runtime, resolve=lambda _name: connection)
    return role


def fill(tables: TableWorld) -> None:
    """One item of each category that is due."""
    tables.add_contract("t1", 40 * DAY)
    tables.add_transcript("t1")
    tables.add_contact(1, email="anna.beispiel@example.org", withdrawn_at=now() - DAY)
    tables.sql("INSERT INTO usage_events VALUES (1, %s, '203.0.113.7', 'x', 'y')", now() - 20 * DAY)


@pytest.mark.parametrize("category", RIGHTS)
def test_with_the_rights_that_are_asked_for_everything_goes(tables: TableWorld, category: str) -> None:
    fill(tables)
    log_in(tables, *RIGHTS[category])
    assert tables.dispose(category).gone == 1


@pytest.mark.parametrize(
    ("category", "revoked", "found"),
    [
        pytest.param("transcript", "DELETE ON segments", "DELETE on public.segments", id="dependent"),
        pytest.param("transcript", "DELETE ON transcripts", "DELETE on public.transcripts", id="delete"),
        pytest.param("transcript", "UPDATE (transcript_id) ON transcripts", "UPDATE (transcript_id) on", id="lock"),
        pytest.param("transcript", "SELECT ON embeddings", "SELECT (segment_id) on public.embeddings", id="join"),
        pytest.param("marketing", "SELECT ON contacts", "SELECT (contact_id, email, phone) on", id="identifiers"),
        pytest.param("usage", "UPDATE (agent) ON usage_events", "UPDATE (agent) on", id="anonymised"),
        pytest.param("usage", "UPDATE (ip, agent) ON usage_events", "UPDATE (ip, agent) on", id="all_anonymised"),
    ],
)
def test_a_missing_right_is_named_with_what_grants_it(
    tables: TableWorld, category: str, revoked: str, found: str
) -> None:
    fill(tables)
    role = log_in(tables, *RIGHTS[category], f"REVOKE {revoked} FROM {{role}}")
    with pytest.raises(DataMapError) as refused:
        tables.plan(category)
    problem, *of_sql = refused.value.problems  # the items' SQL may read no less
    assert problem.code == "missing_right"
    assert [one.code for one in of_sql] == (["sql_fails"] if revoked.startswith("SELECT ON contacts") else [])
    assert f"role {role} without {found}" in problem.found
    assert "beispiel" not in str(refused.value)
    tables.sql(problem.expected.partition(": ")[2])
    if revoked.startswith("SELECT ON contacts"):
        tables.sql(f"GRANT SELECT ON contacts TO {role}")  # what the items' SQL reads, besides
    assert tables.dispose(category).gone == 1


def test_all_that_is_missing_is_named_at_once(tables: TableWorld) -> None:
    role = log_in(tables, "GRANT SELECT ON contracts, requests, transcripts TO {role}")
    with pytest.raises(DataMapError) as refused:
        tables.plan("transcript")
    assert {problem.expected for problem in refused.value.problems} == {
        f"these rights: GRANT {rights} TO {role}"
        for rights in (
            "UPDATE (transcript_id), DELETE ON public.transcripts",
            "SELECT (transcript_id, segment_id), DELETE ON public.segments",
            "SELECT (segment_id), DELETE ON public.embeddings",
        )
    }


def test_what_the_items_sql_may_not_read_is_named_beside_what_deletion_needs(tables: TableWorld) -> None:
    role = log_in(
        tables, *TRANSCRIPTS, "REVOKE SELECT ON contracts FROM {role}", "REVOKE DELETE ON segments FROM {role}"
    )
    with pytest.raises(DataMapError) as refused:
        tables.plan("transcript")
    assert [problem.expected for problem in refused.value.problems] == [
        f"these rights: GRANT DELETE ON public.segments TO {role}",
        f"that the role may read it: GRANT SELECT ON … TO {role}",
    ]


def test_right_that_is_lost_after_the_plan_stops_before_the_first_batch(tables: TableWorld) -> None:
    fill(tables)
    role = log_in(tables, *TRANSCRIPTS)
    tables.plan("transcript")
    tables.sql(f"REVOKE DELETE ON embeddings FROM {role}")
    with pytest.raises(DataMapError, match=r"DELETE on public\.embeddings"):
        tables.dispose("transcript")
    assert tables.count("segments") == 2


def test_row_security_and_a_session_that_may_only_read_are_named(tables: TableWorld) -> None:
    role = log_in(tables, *CONTACTS, "ALTER TABLE contacts ENABLE ROW LEVEL SECURITY")
    with pytest.raises(DataMapError, match=f"row security on public.contacts.* ALTER ROLE {role} BYPASSRLS"):
        tables.plan("marketing")
    tables.sql(f"ALTER ROLE {role} BYPASSRLS; ALTER ROLE {role} SET default_transaction_read_only = on")
    with pytest.raises(DataMapError, match="may only read"):
        tables.plan("marketing")


def test_schema_that_may_not_be_used_is_named(tables: TableWorld) -> None:
    tables.sql("REVOKE USAGE ON SCHEMA public FROM PUBLIC")
    role = log_in(tables, *CONTACTS)
    with pytest.raises(DataMapError, match=f"GRANT USAGE ON SCHEMA public TO {role}"):
        tables.plan("marketing")


def test_what_the_items_sql_may_not_read_is_named(tables: TableWorld) -> None:
    role = log_in(tables, *TRANSCRIPTS, "REVOKE SELECT ON contracts FROM {role}")
    with pytest.raises(
        DataMapError, match=re.escape("permission denied for table contracts") + f".*GRANT SELECT ON … TO {role}"
    ):
        tables.plan("transcript")


def test_rows_of_objects_ask_before_the_bytes_go(world: World, plan: Callable[..., PlanSummary]) -> None:
    world.add_tenant("t1")
    world.add_recording(age=40 * DAY)
    role, conninfo = make_role(world.company, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    world.connections["company_db"] = postgres_connection("company_db", conninfo)
    with pytest.raises(DataMapError) as refused:
        plan()
    assert [problem.expected for problem in refused.value.problems] == [
        f"these rights: GRANT DELETE ON public.recordings TO {role}"
    ]


def test_a_misspelt_column_of_a_dependent_is_named(tables: TableWorld, tmp_path: Path) -> None:
    wrong = MAP.replace("table: public.embeddings, column: segment_id", "table: public.embeddings, column: segmnt_id")
    tables.remap(tmp_path / "misspelt", wrong)
    with pytest.raises(DataMapError, match=r"no column segmnt_id in public\.embeddings; expected a column that"):
        tables.plan("transcript")
