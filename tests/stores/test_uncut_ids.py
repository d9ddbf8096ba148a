"""Ids are compared as they are: a text that a column's type would cut or round names no other row."""

from __future__ import annotations

import psycopg
import pytest
from tests.world import now

from retention.stores.postgres import PostgresRowStore
from retention.stores.protocol import Removal, Target
from retention.stores.tables import TableRows

TYPES = pytest.mark.parametrize(
    ("column_type", "there", "asked"),
    [
        pytest.param("varchar(5)", "C0001", "C0001-old", id="varchar"),
        pytest.param("char(5)", "C0001", "C0001-old", id="char"),
        pytest.param("char(5)", "C1", "C", id="char_of_one_letter"),
        pytest.param("numeric(9,0)", "2", "1.6", id="numeric"),
        pytest.param("timestamp(0)", "2026-01-01 00:00:02", "2026-01-01 00:00:01.6", id="timestamp"),
        pytest.param("short", "C0001", "C0001-old", id="domain"),
        pytest.param("shorter", "C0001", "C0001-old", id="domain_of_a_domain"),
        pytest.param('"char"', "C", "C0001-old", id="one_byte"),
        pytest.param("name", "C" * 63, "C" * 64, id="name"),
    ],
)


def make(database: str, column_type: str, there: str) -> None:
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("CREATE DOMAIN short AS varchar(5); CREATE DOMAIN shorter AS short CHECK (length(VALUE) = 5)")
        session.execute(f"CREATE TABLE items (item {column_type} PRIMARY KEY)")
        session.execute("INSERT INTO items VALUES (%s)", (there,))


@TYPES
def test_a_row_of_a_bucket(database: str, column_type: str, there: str, asked: str) -> None:
    make(database, column_type, there)
    rows = PostgresRowStore(database, "public.items", "item")
    rows.check()
    assert [part.key for part in rows.parts_of([there, asked])] == [there]
    targets = [Target(key) for key in (asked, there)]
    results = [rows.remove([target], stored_before=now())[target].outcome for target in targets]
    assert results == [Removal.ABSENT, Removal.REMOVED]


@TYPES
def test_a_row_of_a_table(database: str, column_type: str, there: str, asked: str) -> None:
    make(database, column_type, there)
    rows = TableRows(lambda: psycopg.connect(database), "public.items", "item")
    rows.check()
    assert rows.present([there, asked]) == {there}
    with rows.transaction() as batch:
        batch.lock([asked, there])
        assert [batch.remove([key])[1] for key in (asked, there)] == [0, 1]
