"""What the check can't look into is unknown, whatever the map says of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from tests.verification.claimed import claims, someone

from retention.verification.coverage.claims import Claims
from retention.verification.coverage.tables import PersonalColumn, cover_database


@pytest.fixture
def session(database: str) -> Iterator[psycopg.Connection[Any]]:
    """The owner's session in a fresh database."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        pytest.param("CREATE TABLE t (a text)", "public.t", id="table"),
        pytest.param("CREATE TABLE t (n bigint)", "public.t", id="numbers"),
        pytest.param("CREATE MATERIALIZED VIEW t AS SELECT 'x' AS a", "public.t", id="materialised_view"),
        pytest.param("CREATE TABLE t (a text) PARTITION BY LIST (a)", "public.t", id="partitioned"),
        pytest.param(
            "CREATE FOREIGN DATA WRAPPER far_wrapper; CREATE SERVER far_server FOREIGN DATA WRAPPER far_wrapper;"
            "CREATE FOREIGN TABLE t (a text) SERVER far_server",
            "public.t",
            id="foreign_table",
        ),
    ],
)
def test_what_is_declared_and_may_not_be_read_is_hidden(
    session: psycopg.Connection[Any], statement: str, name: str
) -> None:
    session.execute(statement)  # type: ignore[call-overload]
    with someone(session):
        assert cover_database(session, claims("t")).hidden == {name: {"no right"}}
        assert cover_database(session, Claims()).hidden == {}  # it is unmapped


def test_a_right_in_a_schema_that_may_not_be_used_is_none(session: psycopg.Connection[Any]) -> None:
    session.execute("CREATE SCHEMA crm; CREATE TABLE crm.t (a text)")
    with someone(session, "GRANT SELECT ON crm.t TO {role}"):
        found = cover_database(session, Claims(declared={"crm.t"}))
    assert found.hidden == {"crm.t": {"no right"}}


def test_of_a_mapped_table_the_columns_that_the_map_names_are_enough(session: psycopg.Connection[Any]) -> None:
    session.execute("CREATE TABLE leads (id int, email text)")
    given = claims()
    given.note("leads", "public.leads", "id")
    with someone(session, "GRANT SELECT (id) ON leads TO {role}"):
        assert cover_database(session, given).hidden == {}
        given.note("leads", "public.leads", "email")
        assert cover_database(session, given).hidden == {"public.leads": {"no right"}}


def test_what_one_login_may_not_read_another_may(session: psycopg.Connection[Any]) -> None:
    session.execute("CREATE TABLE t (a text); CREATE TABLE u (a text); CREATE TABLE v (a text)")
    session.execute("INSERT INTO u VALUES ('x@y.de')")
    given = claims("t", "u", "v")
    with someone(session, "GRANT SELECT ON t TO {role}"):
        found = cover_database(session, given)
    with someone(session, "GRANT SELECT ON u TO {role}"):
        found.add_view(cover_database(session, given))
    assert found.hidden == {"public.v": {"no right"}}
    assert found.personal == [PersonalColumn("public.u", "a", ("e-mail",))]


def test_children_are_hidden_where_they_are_read_by_themselves(session: psycopg.Connection[Any]) -> None:
    """A query of a table needs no right on its partitions. Those of a log are dated one by one."""
    session.execute(
        "CREATE TABLE log (at timestamptz, path text) PARTITION BY RANGE (at); CREATE TABLE log_1 PARTITION OF log DEFAULT;"
        "CREATE TABLE event (a text); CREATE TABLE click (b text) INHERITS (event)"
    )
    log = claims()
    log.note("a_log", "public.log", "at")
    with someone(session, "GRANT SELECT ON log, event TO {role}"):
        assert cover_database(session, claims("log")).hidden == {}
        assert cover_database(session, log).hidden == {}
        log.partitioned.add("public.log")
        assert cover_database(session, log).hidden == {"public.log_1": {"no right"}}
        # What a child has beside its table's columns can only be read there.
        assert cover_database(session, claims("event")).hidden == {"public.click": {"no right"}}
