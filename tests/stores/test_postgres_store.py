"""What is special about rows, on the real server."""

from __future__ import annotations

import threading
import traceback
import uuid
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tests.stores.places import FAR_FUTURE, shown

from retention.errors import RequestError, StoreUnreadable
from retention.stores.postgres import PostgresRowStore
from retention.stores.protocol import Removal, RemovalResult, Target

GONE, ABSENT = RemovalResult(Removal.REMOVED, 1), RemovalResult(Removal.ABSENT, 0)
_WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def run(conninfo: str, *statements: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as session:
        for statement in statements:
            session.execute(statement)  # type: ignore[call-overload]


def make_role(conninfo: str, *rights: str) -> tuple[str, str]:
    """A role with these rights; returns its name and its connection string."""
    role = f"role_{uuid.uuid4().hex[:12]}"
    run(conninfo, f"CREATE ROLE {role} LOGIN PASSWORD 'test'", *(right.format(role=role) for right in rights))
    return role, make_conninfo(conninfo, user=role, password="test")


@pytest.fixture
def items(database: str) -> str:
    """A database with a table of uuids."""
    run(database, "CREATE TABLE items (id uuid PRIMARY KEY, name text)")
    return database


@pytest.mark.parametrize(
    ("type_name", "stored", "wanted", "no_id"),
    [
        pytest.param(
            "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "x", id="uuid"
        ),
        pytest.param("bigint", "42", "42", "p/a.wav", id="bigint"),
        pytest.param("numeric", "1.0", "1", "one", id="numeric"),
        pytest.param("text", "a'b\"c\\%", "a'b\"c\\%", "other", id="text"),
        pytest.param("varchar(40)", "ünï 😀", "ünï 😀", "other", id="varchar"),
        pytest.param("timestamptz", "2026-01-01 00:00:00+00", "2026-01-01T01:00:00+01:00", "never", id="timestamptz"),
    ],
)
def test_ids_of_any_type_are_compared_as_that_type(
    database: str, type_name: str, stored: str, wanted: str, no_id: str
) -> None:
    run(database, f'CREATE TABLE "Odd Name" ("the id" {type_name} PRIMARY KEY)')
    with psycopg.connect(database, autocommit=True) as session:
        session.execute('INSERT INTO "Odd Name" VALUES (%s)', (stored,))
    store = PostgresRowStore(database, "Odd Name", "the id")
    store.check()
    assert len(list(store.scan())) == 1
    assert shown(store, [wanted, no_id, "nul\x00", "\ud800"]) == [(wanted, wanted)]
    results = store.remove([Target(wanted), Target(no_id), Target("nul\x00")], stored_before=FAR_FUTURE)
    assert results == {Target(wanted): GONE, Target(no_id): ABSENT, Target("nul\x00"): ABSENT}
    assert list(store.scan()) == []


def test_a_key_is_data_and_never_sql(items: str) -> None:
    store = PostgresRowStore(items, "public.items", "id")
    attack = "'); DROP TABLE items; --"
    assert store.remove([Target(attack)], stored_before=FAR_FUTURE) == {Target(attack): ABSENT}
    store.check()


def test_rows_refused_by_a_foreign_key_fail_and_all_others_go(items: str) -> None:
    run(
        items,
        "INSERT INTO items SELECT gen_random_uuid() FROM generate_series(1, 500)",
        "CREATE TABLE children (item uuid REFERENCES items DEFERRABLE INITIALLY DEFERRED)",
        "CREATE INDEX ON children (item)",
        "INSERT INTO children SELECT id FROM items ORDER BY id LIMIT 7",
    )
    store = PostgresRowStore(items, "items", "id")
    keys = [part.key for part in store.scan()]
    results = store.remove([Target(key) for key in keys], stored_before=FAR_FUTURE)
    failed = [target.key for target, result in results.items() if result == RemovalResult(Removal.FAILED, 0, "23503")]
    assert len(failed) == 7
    assert [result for target, result in results.items() if target.key not in failed] == [GONE] * 493
    assert sorted(part.key for part in store.scan()) == sorted(failed)


def test_a_row_that_a_trigger_quietly_keeps_is_still_shown(items: str) -> None:
    run(
        items,
        "INSERT INTO items VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')",
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER keep BEFORE DELETE ON items FOR EACH ROW EXECUTE FUNCTION keep()",
    )
    store = PostgresRowStore(items, "items", "id")
    key = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    assert store.remove([Target(key)], stored_before=FAR_FUTURE)[Target(key)].outcome is Removal.ABSENT
    assert shown(store, [key]) == [(key, key)]


def test_rows_that_the_application_has_locked_fail_after_a_while(items: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retention.stores.postgres._LOCK_TIMEOUT_MS", 50)
    key = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    run(items, f"INSERT INTO items VALUES ('{key}')")
    store = PostgresRowStore(items, "items", "id")
    with psycopg.connect(items) as other:
        other.execute("SELECT FROM items FOR UPDATE")
        results = store.remove([Target(key)], stored_before=FAR_FUTURE)
    assert results == {Target(key): RemovalResult(Removal.FAILED, 0, "55P03")}


@pytest.mark.parametrize(
    ("table", "column"),
    [
        pytest.param("missing", "id", id="missing_table"),
        pytest.param("nowhere.items", "id", id="missing_schema"),
        pytest.param("items", "missing", id="missing_column"),
        pytest.param("items", "ctid", id="system_column"),
    ],
)
def test_a_table_that_is_not_as_mapped_is_unreadable(items: str, table: str, column: str) -> None:
    store = PostgresRowStore(items, table, column)
    with pytest.raises(StoreUnreadable, match="no such table or column"):
        store.check()
    with pytest.raises(StoreUnreadable):
        store.remove([Target("a")], stored_before=FAR_FUTURE)
    with pytest.raises(StoreUnreadable):
        list(store.parts_of(["a"]))


@pytest.mark.parametrize(("table", "column"), [("a.b.c", "id"), ("", "id"), ("a.", "id"), ("a", "")])
def test_a_name_that_is_no_table_is_refused(table: str, column: str) -> None:
    with pytest.raises(RequestError):
        PostgresRowStore("", table, column)


@pytest.mark.parametrize(
    "rights",
    [
        pytest.param((), id="nothing"),
        pytest.param(("GRANT SELECT ON items TO {role}",), id="read_only"),
        pytest.param(("GRANT DELETE ON items TO {role}",), id="delete_only"),
    ],
)
def test_a_role_without_the_rights_does_not_pass(items: str, rights: tuple[str, ...]) -> None:
    _, conninfo = make_role(items, *rights)
    with pytest.raises(StoreUnreadable, match="SELECT and DELETE"):
        PostgresRowStore(conninfo, "items", "id").check()


def test_rows_hidden_by_row_security_are_an_error_and_not_an_empty_table(items: str) -> None:
    _, conninfo = make_role(items, "GRANT SELECT, DELETE ON items TO {role}")
    run(items, "INSERT INTO items VALUES (gen_random_uuid())", "ALTER TABLE items ENABLE ROW LEVEL SECURITY")
    store = PostgresRowStore(conninfo, "items", "id")
    for read in (store.check, lambda: list(store.scan()), lambda: list(store.parts_of([str(uuid.uuid4())]))):
        with pytest.raises(StoreUnreadable, match="42501"):
            read()


def test_a_row_without_an_id_makes_the_listing_unreadable(database: str) -> None:
    run(database, "CREATE TABLE loose (id text)", "INSERT INTO loose VALUES ('a'), (NULL)")
    with pytest.raises(StoreUnreadable, match="rows without an id"):
        list(PostgresRowStore(database, "loose", "id").scan())


def test_ids_are_looked_up_by_their_index(items: str) -> None:
    run(items, "INSERT INTO items SELECT gen_random_uuid() FROM generate_series(1, 50000)", "ANALYZE items")
    store = PostgresRowStore(items, "items", "id")
    with psycopg.connect(items) as session:
        query = store._on_wanted(session, "DELETE FROM {table} AS t USING {wanted} WHERE t.{id} = wanted.id")
        keys = [str(uuid.uuid4()) for _ in range(50)]
        plan = "\n".join(line for (line,) in session.execute(b"EXPLAIN " + query.as_bytes(session), (keys,)))
    assert "items_pkey" in plan
    assert "Seq Scan on items" not in plan


def test_no_value_gets_into_an_exception_or_a_result(items: str) -> None:
    secret = "b5eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    run(
        items,
        f"INSERT INTO items VALUES ('{secret}', 'Anna')",
        "CREATE TABLE children (item uuid REFERENCES items)",
        f"INSERT INTO children VALUES ('{secret}')",
        "CREATE VIEW broken AS SELECT id, 1 / (length(name) - 4) AS x, name::int AS y FROM items",
    )
    store = PostgresRowStore(items, "items", "id")
    results = store.remove([Target(secret)], stored_before=FAR_FUTURE)
    assert secret not in repr(list(results.values()))
    for column in ("x", "y"):
        with pytest.raises(StoreUnreadable) as caught:
            list(PostgresRowStore(items, "broken", column).scan())
        told = "".join(traceback.format_exception(caught.value))
        assert "Anna" not in told
        assert secret not in told
        assert caught.value.__context__ is None


@pytest.mark.parametrize("conninfo", ["host=127.0.0.1 port=1 connect_timeout=2", "no conninfo"])
def test_a_database_that_does_not_answer_is_unreadable(conninfo: str) -> None:
    with pytest.raises(StoreUnreadable) as caught:
        PostgresRowStore(conninfo, "items", "id").check()
    assert "127.0.0.1" not in str(caught.value)


def test_a_connection_lost_in_a_listing_is_unreadable(items: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retention.stores.postgres._SCAN_ROWS", 10)
    run(items, "INSERT INTO items SELECT gen_random_uuid() FROM generate_series(1, 100)")
    listing = PostgresRowStore(items, "items", "id").scan()
    next(listing)
    run(
        items,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    with pytest.raises(StoreUnreadable, match=r"57P01|OperationalError"):
        list(listing)


def test_two_removals_of_the_same_rows_remove_each_once(items: str) -> None:
    run(items, "INSERT INTO items SELECT gen_random_uuid() FROM generate_series(1, 200)")
    store = PostgresRowStore(items, "items", "id")
    keys = [part.key for part in store.scan()]
    results: list[Any] = []

    def remove() -> None:
        results.append(store.remove([Target(key) for key in keys], stored_before=FAR_FUTURE))

    threads = [threading.Thread(target=remove) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    removed = [
        target.key for result in results for target, outcome in result.items() if outcome.outcome is Removal.REMOVED
    ]
    assert sorted(removed) == sorted(keys)


def test_a_row_that_describes_another_object_stays_also_when_it_changes_while_the_removal_waits(items: str) -> None:
    run(items, "ALTER TABLE items ADD COLUMN bucket text")
    ids = [str(uuid.uuid4()) for _ in range(4)]
    for number, one in enumerate(ids):
        run(items, f"INSERT INTO items VALUES ('{one}', 'k{number}', 'b')")
    same, moved, missing, unasked = ids[0], ids[1], str(uuid.uuid4()), ids[3]
    store = PostgresRowStore(items, "items", "id", bucket_column="bucket", key_column="name")
    targets = [Target(same, describes=("b", "k0")), Target(moved, describes=("b", "k1")),
               Target(ids[2], describes=("c", "k2")), Target(missing, describes=("b", "k9")), Target(unasked)]  # fmt: skip
    results: dict[Target, RemovalResult] = {}
    with psycopg.connect(items) as application:
        application.execute("UPDATE items SET name = 'new' WHERE id = %s", (moved,))
        removal = threading.Thread(target=lambda: results.update(store.remove(targets, stored_before=FAR_FUTURE)))
        removal.start()
        with psycopg.connect(items, autocommit=True) as watch:
            while not watch.execute(_WAITING).fetchone():
                assert removal.is_alive()
        application.commit()
    removal.join()
    newer = RemovalResult(Removal.NEWER, 0)
    assert [results[target] for target in targets] == [GONE, newer, newer, ABSENT, GONE]
    assert {part.key for part in store.scan()} == {moved, ids[2]}
