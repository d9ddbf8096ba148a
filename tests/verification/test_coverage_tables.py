"""Every table of a real database is mapped, or declared free of personal data, or found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from tests.verification.claimed import claims, someone

from retention.verification.coverage import sampling
from retention.verification.coverage.airflow_tables import airflows_own
from retention.verification.coverage.claims import Claims
from retention.verification.coverage.sampling import Effort
from retention.verification.coverage.tables import CoveredDatabase, PersonalColumn, cover_database


@pytest.fixture
def session(database: str) -> Iterator[psycopg.Connection[Any]]:
    """The owner's session in a fresh database."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


def personal(result: CoveredDatabase) -> dict[str, tuple[str, ...]]:
    """Column → why."""
    return {one.column: one.why for one in result.personal}


@pytest.mark.parametrize(
    ("statement", "name", "words"),
    [
        pytest.param("CREATE TABLE notes (n int)", "public.notes", "table", id="table"),
        pytest.param("CREATE UNLOGGED TABLE notes (n int)", "public.notes", "table", id="unlogged_table"),
        pytest.param('CREATE SCHEMA crm; CREATE TABLE crm."Notes" (n int)', "crm.Notes", "table", id="another_schema"),
        pytest.param(
            "CREATE MATERIALIZED VIEW sums AS SELECT 1 AS n", "public.sums", "materialised view", id="materialised_view"
        ),
        pytest.param(
            "CREATE TABLE log (at timestamptz) PARTITION BY RANGE (at)",
            "public.log",
            "partitioned table",
            id="partitioned",
        ),
        pytest.param(
            "CREATE FOREIGN DATA WRAPPER far_wrapper; CREATE SERVER far_server FOREIGN DATA WRAPPER far_wrapper;"
            "CREATE FOREIGN TABLE far (t text) SERVER far_server",
            "public.far",
            "foreign table",
            id="foreign_table",
        ),
        pytest.param("SELECT lo_create(0)", "pg_catalog.pg_largeobject", "large objects", id="large_objects"),
    ],
)
def test_what_nobody_mapped_is_found(session: psycopg.Connection[Any], statement: str, name: str, words: str) -> None:
    session.execute(statement)  # type: ignore[call-overload]
    assert cover_database(session, Claims()).unmapped == {name: words}


def test_a_table_without_any_right_is_found_too(session: psycopg.Connection[Any]) -> None:
    session.execute("CREATE SCHEMA hidden; CREATE TABLE hidden.people (email text)")
    with someone(session):
        assert cover_database(session, Claims()).unmapped == {"hidden.people": "table"}


def test_temporary_tables_and_views_hold_nothing_of_their_own(session: psycopg.Connection[Any]) -> None:
    session.execute("CREATE TEMPORARY TABLE t (email text); CREATE VIEW v AS SELECT 1 AS email")
    assert cover_database(session, Claims()).unmapped == {}


def test_partitions_belong_to_their_table_and_a_detached_one_to_nobody(session: psycopg.Connection[Any]) -> None:
    session.execute(
        "CREATE TABLE log (at timestamptz, client_ip text) PARTITION BY RANGE (at);"
        "CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');"
        "CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') PARTITION BY RANGE (at);"
        "CREATE TABLE log_2a PARTITION OF log_2 FOR VALUES FROM ('2026-02-01') TO ('2026-02-02');"
        "CREATE TABLE log_0 (LIKE log)"
    )
    assert cover_database(session, claims(mapped=("log",))).unmapped == {"public.log_0": "table"}
    session.execute("ALTER TABLE log DETACH PARTITION log_1")
    assert set(cover_database(session, claims(mapped=("log",))).unmapped) == {"public.log_0", "public.log_1"}


def test_what_the_check_of_a_partitioned_place_finds_is_left_to_it(session: psycopg.Connection[Any]) -> None:
    session.execute(
        "CREATE TABLE log (at timestamptz, path text) PARTITION BY RANGE (at);"
        "CREATE TABLE log_p1 (at timestamptz, path text); CREATE TABLE log_users (at timestamptz, email text);"
        "CREATE TABLE logs (at timestamptz, path text); CREATE MATERIALIZED VIEW log_sums AS SELECT * FROM logs"
    )
    given = claims(mapped=("log",))
    given.partitioned.add("public.log")
    assert set(cover_database(session, given).unmapped) == {"public.log_users", "public.logs", "public.log_sums"}


def test_a_declared_table_is_looked_into_though_it_looks_like_a_partition_that_was_left(
    session: psycopg.Connection[Any],
) -> None:
    session.execute(
        "CREATE TABLE log (at timestamptz, email text) PARTITION BY RANGE (at);"
        "CREATE TABLE log_of_tests (email text, at timestamptz)"
    )
    left, declared = claims(mapped=("log",)), claims("log_of_tests", mapped=("log",))
    for given in (left, declared):
        given.partitioned.add("public.log")
        assert cover_database(session, given).unmapped == {}
    assert personal(cover_database(session, left)) == {}
    assert personal(cover_database(session, declared)) == {"email": ("name",)}


def test_children_of_a_mapped_table_are_read_with_it(session: psycopg.Connection[Any]) -> None:
    session.execute("CREATE TABLE event (at timestamptz); CREATE TABLE click (email text) INHERITS (event)")
    assert cover_database(session, claims(mapped=("event",))).unmapped == {}
    declared = cover_database(session, claims("event"))
    assert declared.unmapped == {}
    assert personal(declared) == {"email": ("name",)}


def test_columns_of_a_declared_table_are_looked_at_each_day(session: psycopg.Connection[Any]) -> None:
    session.execute("CREATE TABLE products (sku text, title text); INSERT INTO products VALUES ('a', 'b')")
    assert cover_database(session, claims("products")).personal == []
    session.execute("ALTER TABLE products ADD COLUMN email text")
    found = cover_database(session, claims("products"))
    assert found.personal == [PersonalColumn("public.products", "email", ("name",))]
    assert cover_database(session, claims("products", products=["email"])).personal == []


def test_names_in_upper_case_can_be_declared(session: psycopg.Connection[Any]) -> None:
    session.execute('CREATE TABLE "User" ("eMail" text)')
    assert personal(cover_database(session, claims("User"))) == {"eMail": ("name",)}
    given = claims("User", User=["eMail"])
    assert (personal(cover_database(session, given)), cover_database(session, given).unmapped) == ({}, {})


def test_columns_are_found_by_what_they_hold(session: psycopg.Connection[Any]) -> None:
    session.execute(
        "CREATE DOMAIN remark AS text; CREATE TYPE pair AS (a text, b text);"
        "CREATE TABLE settings (n int, a text, b jsonb, c json, d text[], e remark, f pair, g varchar(40), h text, i bytea);"
        """INSERT INTO settings SELECT n, 'x', '{}', '{}', '{}', 'x', CAST(ROW('x', 'y') AS pair), 'x', 'x', 'x'
            FROM generate_series(1, 500) n;
        INSERT INTO settings VALUES (501, 'frag anna@example.org', '{"a": [{"b": "+49 30 23125000"}]}', '{"ip": "203.0.113.7"}',
            '{a,DE89370400440532013000}', 'anna@example.org', ROW('anna@example.org', 'y'), '2001:db8::1', 'nothing', 'a@b.de')"""
    )
    found = cover_database(session, claims("settings"))
    assert personal(found) == {
        "a": ("e-mail",),
        "b": ("phone",),
        "c": ("IP address",),
        "d": ("IBAN",),
        "e": ("e-mail",),
        "f": ("e-mail",),
        "g": ("IP address",),
    }
    # Bytes can hold anything and can't be matched: they count as not sampled.
    assert found.looked_at["columns_not_sampled"] == 1
    assert found.looked_at["columns_sampled"] == 8
    assert found.looked_at["rows_sampled"] == 501


def test_what_is_anonymised_may_be_personal_and_what_stays_may_not(session: psycopg.Connection[Any]) -> None:
    session.execute(
        "CREATE TABLE leads (id int, name text, email text, note text, origin text);"
        "INSERT INTO leads VALUES (1, 'Anna', 'a@b.de', 'call a@b.de back', 'web')"
    )
    found = cover_database(session, claims(kept={"leads": {"name", "email"}}))
    assert found.unmapped == {}
    assert personal(found) == {"note": ("e-mail",)}


def test_rows_that_go_as_a_whole_are_not_searched(session: psycopg.Connection[Any]) -> None:
    session.execute("CREATE TABLE leads (id int, email text)")
    found = cover_database(session, claims(mapped=("leads",)))
    assert found.personal == []
    assert found.looked_at["columns"] == 0


def test_columns_that_may_not_be_read_are_judged_by_name_and_counted(session: psycopg.Connection[Any]) -> None:
    session.execute("CREATE TABLE t (a text, email text, b text); INSERT INTO t VALUES ('x@y.de', 'x@y.de', 'x@y.de')")
    with someone(session, "GRANT SELECT (b) ON t TO {role}"):
        found = cover_database(session, claims("t"))
        assert found.hidden == {"public.t": {"no right"}}
        # What somebody declared by itself need not be read.
        assert cover_database(session, claims("t", t=["a", "email"])).hidden == {}
    assert personal(found) == {"email": ("name",), "b": ("e-mail",)}
    assert found.looked_at["columns_sampled"] == 1
    assert found.looked_at["columns_not_sampled"] == 2


def test_rows_that_row_security_hides_are_not_taken_for_none(session: psycopg.Connection[Any]) -> None:
    session.execute("CREATE TABLE t (a text); INSERT INTO t VALUES ('x@y.de'); ALTER TABLE t ENABLE ROW LEVEL SECURITY")
    with someone(session, "GRANT SELECT ON t TO {role}"):
        for setting in ("on", "off"):
            session.execute(f"SET row_security = {setting}")
            found = cover_database(session, claims("t"))
            assert found.hidden == {"public.t": {"row security"}}
            assert cover_database(session, claims(mapped=("t",))).hidden == {}
            mapped = claims()
            mapped.note("a_place", "public.t", "a")
            assert cover_database(session, mapped).hidden == {"public.t": {"row security"}}
    assert found.looked_at["columns_not_sampled"] == 1
    assert cover_database(session, claims("t")).hidden == {}


def test_addresses_and_numbers_that_the_map_does_not_name_as_identifiers(session: psycopg.Connection[Any]) -> None:
    session.execute(
        "CREATE TABLE contacts (id int, name text, email text, private_mail text, note text, mobile text, source text);"
        "INSERT INTO contacts VALUES (1, 'Anna', 'a@b.de', NULL, 'or eva@example.org', NULL, 'web')"
    )
    given = claims(mapped=("contacts",), contacts=["mobile"])
    given.identified["public.contacts"] = "contacts", frozenset({"email"})
    found = cover_database(session, given)
    assert {one.column: one.why for one in found.unnamed["contacts"]} == {
        "private_mail": ("name",),
        "note": ("e-mail",),
    }
    assert found.personal == []


def test_a_foreign_table_that_does_not_answer_is_counted(session: psycopg.Connection[Any]) -> None:
    session.execute(
        "CREATE FOREIGN DATA WRAPPER far_wrapper; CREATE SERVER far_server FOREIGN DATA WRAPPER far_wrapper;"
        "CREATE FOREIGN TABLE far (t text, email text) SERVER far_server"
    )
    found = cover_database(session, claims("far"))
    assert personal(found) == {"email": ("name",)}
    assert found.looked_at["columns_not_sampled"] == 2
    assert found.hidden == {"public.far": {"no answer"}}


def test_a_table_that_somebody_has_locked_is_not_waited_for(session: psycopg.Connection[Any], database: str) -> None:
    session.execute("CREATE TABLE t (a text); INSERT INTO t VALUES ('x@y.de')")
    session.execute("SET lock_timeout = '100ms'")
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE t")
        found = cover_database(session, claims("t"))
        other.rollback()
    assert personal(found) == {}
    assert found.hidden == {"public.t": {"no answer"}}
    assert found.looked_at["columns_not_sampled"] == 1
    assert personal(cover_database(session, claims("t"))) == {"a": ("e-mail",)}


def test_a_large_table_is_sampled_by_pages(session: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "EFFORTS", (Effort(pages=20, rows=60_000, timeout_ms=60_000),))
    session.execute(
        "CREATE TABLE t (a text, b text) PARTITION BY HASH (a);"
        "CREATE TABLE t1 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
        "CREATE TABLE t2 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
        "INSERT INTO t SELECT n::text, 'user' || n || '@example.org' FROM generate_series(1, 60000) n"
    )
    found = cover_database(session, claims("t"))
    assert personal(found) == {"b": ("e-mail",)}
    assert 0 < found.looked_at["rows_sampled"] < 30_000


def test_documents_that_take_too_long_get_a_smaller_sample(
    session: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        sampling, "EFFORTS", (Effort(pages=200, rows=60_000, timeout_ms=1), Effort(pages=3, rows=50, timeout_ms=60_000))
    )
    session.execute(
        "CREATE TABLE t (a text); INSERT INTO t SELECT repeat('x', 5000) || 'a@b.de' FROM generate_series(1, 3000)"
    )
    found = cover_database(session, claims("t"))
    assert found.looked_at["columns_not_sampled"] + found.looked_at["columns_sampled"] == 1
    assert found.looked_at["rows_sampled"] <= 50


def test_a_column_that_can_not_be_printed_hides_no_other(session: psycopg.Connection[Any]) -> None:
    session.execute("CREATE TABLE t (a text, b text, c jsonb, d text)")
    session.execute("INSERT INTO t VALUES ('x', 'a@b.de', '{}', 'x')")
    session.execute(
        "CREATE FUNCTION broken(jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE 'no'; END $$;"
        "CREATE CAST (jsonb AS text) WITH FUNCTION broken(jsonb)"
    )
    found = cover_database(session, claims("t"))
    assert personal(found) == {"b": ("e-mail",)}
    assert found.hidden == {"public.t": {"no answer"}}
    assert cover_database(session, claims("t", t=["c"])).hidden == {}
    assert (found.looked_at["columns_sampled"], found.looked_at["columns_not_sampled"]) == (3, 1)


def test_when_time_is_up_columns_are_judged_by_name(session: psycopg.Connection[Any]) -> None:
    session.execute("CREATE TABLE t (a text, email text); INSERT INTO t VALUES ('x@y.de', 'x@y.de')")
    found = cover_database(session, claims("t"), budget_s=0)
    assert personal(found) == {"email": ("name",)}
    assert found.looked_at["columns_not_sampled"] == 2


def test_what_an_earlier_sample_found_stays_until_somebody_decides(session: psycopg.Connection[Any]) -> None:
    session.execute("CREATE TABLE t (a text, b text)")
    before = {("public.t", "a"), ("public.t", "gone")}
    assert personal(cover_database(session, claims("t"), seen_before=before)) == {"a": ("seen before",)}
    assert personal(cover_database(session, claims("t", t=["a"]), seen_before=before)) == {}


def test_names_that_lead_nowhere_are_found(session: psycopg.Connection[Any]) -> None:
    session.execute("CREATE TABLE t (a text); CREATE TABLE lead (id int)")
    given = claims("t", "renamed", mapped=("dropped",), t=["a", "b"])
    given.note("leads", "public.lead", "id", "email")
    found = cover_database(session, given)
    assert found.named == {"a_place": 1, "leads": 3}
    assert found.named_in_vain == {"a_place": {"public.dropped: no table"}, "leads": {"public.lead.email: no column"}}
    assert found.declared_in_vain == {
        "public.renamed": {"public.renamed: no table"},
        "public.t": {"public.t.b: no column"},
    }


def test_an_airflow_place_speaks_for_airflows_tables_alone(session: psycopg.Connection[Any]) -> None:
    session.execute(
        "CREATE TABLE dag_run (n int); CREATE TABLE log (n int); CREATE TABLE _airflow_deleted__log__20261101000000 (n int);"
        "CREATE TABLE _airflow_deleted__dag_run__20261101000000__b2 (n int);"
        "CREATE TABLE customers (n int); CREATE SCHEMA other; CREATE TABLE other.log (n int)"
    )
    found = cover_database(session, Claims(has_airflow=True))
    assert set(found.unmapped) == {"public.customers", "other.log"}
    assert "public.dag_run" in cover_database(session, Claims()).unmapped


def test_the_list_of_airflows_tables_is_that_of_the_installed_one() -> None:
    from airflow.models.base import Base
    from airflow.utils.db import import_all_models

    import_all_models()
    installed = {f"public.{name}" for name in Base.metadata.tables}
    assert airflows_own(installed) == installed
