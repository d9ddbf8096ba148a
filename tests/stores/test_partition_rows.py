"""Single rows of a partition on the real server, and partitions for the days to come."""

from __future__ import annotations

import time
import uuid
from datetime import date, timedelta

import psycopg
import pytest
from tests.stores.partitioned import DAY, FIRST, LogTable, three_days
from tests.stores.test_postgres_store import make_role

from retention.errors import RequestError
from retention.stores.new_partitions import create_partitions
from retention.stores.partition_catalog import row_id
from retention.stores.partition_rows import RowAt, delete_rows, present_rows
from retention.stores.partitions import PartitionStore
from retention.stores.protocol import Removal, RemovalResult

HOUR = timedelta(hours=1)
GONE, ABSENT = RemovalResult(Removal.REMOVED, 1), RemovalResult(Removal.ABSENT, 0)
LOCKED = RemovalResult(Removal.FAILED, 0, "55P03")


@pytest.fixture
def logs(database: str) -> LogTable:
    return three_days(database)


def rows_of(logs: LogTable, name: str) -> list[RowAt]:
    query = f"SELECT r.ctid::text, {row_id(logs.table(), name).as_string(None)} FROM ONLY {name} AS r ORDER BY r.id"
    return [RowAt(*row) for row in logs.sql(query)]


def test_rows_go_from_one_partition_and_the_others_stay(logs: LogTable) -> None:
    rows = rows_of(logs, logs.names[0])
    assert delete_rows(logs.table(), logs.names[0], rows[:3]) == dict.fromkeys(rows[:3], GONE)
    assert present_rows(logs.table(), logs.names[0], rows) == {rows[3]}
    assert logs.rows() == 12


def test_a_row_that_was_changed_since_or_is_another_one_by_now_stays(logs: LogTable) -> None:
    rows = rows_of(logs, logs.names[0])
    logs.sql(f"UPDATE {logs.names[0]} SET line = 'x' WHERE id = %s", int(rows[0].item_id))
    wrong = RowAt(rows[1].ctid, "4711")
    assert delete_rows(logs.table(), logs.names[0], [rows[0], wrong]) == {rows[0]: ABSENT, wrong: ABSENT}
    assert logs.rows() == 15


def test_a_row_that_somebody_has_locked_fails_without_waiting_and_the_others_go(logs: LogTable) -> None:
    rows = rows_of(logs, logs.names[0])
    with psycopg.connect(logs.conninfo) as other:
        other.execute("SELECT 1 FROM request_log WHERE id = %s FOR UPDATE", (int(rows[0].item_id),))
        results = delete_rows(logs.table(), logs.names[0], rows)
    assert results == {rows[0]: LOCKED} | dict.fromkeys(rows[1:], GONE)


def test_a_partition_that_somebody_has_locked_fails_at_once_however_many_rows_are_asked_for(logs: LogTable) -> None:
    rows = rows_of(logs, logs.names[0])
    asked = [*rows, *(RowAt(f"(9,{number})", str(number)) for number in range(1, 60))]
    with psycopg.connect(logs.conninfo) as other:
        other.execute(f"LOCK TABLE {logs.names[0]} IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        results = delete_rows(logs.table(), logs.names[0], asked)
        waited_s = time.monotonic() - began
    assert results == dict.fromkeys(asked, LOCKED)
    assert waited_s < 2  # one lock_timeout; row by row it would be 60 and more of them


def test_a_row_that_another_table_points_to_fails_with_the_code_and_the_others_go(database: str) -> None:
    logs = LogTable(database, keyed=True).create()
    name = logs.add_partition(FIRST, FIRST + DAY)
    logs.log(FIRST, rows=5)
    logs.sql(
        "CREATE TABLE incidents (log_id bigint, logged_at timestamptz, FOREIGN KEY (log_id, logged_at) REFERENCES request_log)"
    )
    logs.sql("INSERT INTO incidents SELECT id, logged_at FROM request_log ORDER BY id LIMIT 1")
    rows = rows_of(logs, name)
    refused = {rows[0]: RemovalResult(Removal.FAILED, 0, "23503")}
    assert delete_rows(logs.table(), name, rows) == refused | dict.fromkeys(rows[1:], GONE)


def test_a_row_without_an_id_is_named_by_where_it_stands(database: str) -> None:
    logs = LogTable(database)
    logs.sql("CREATE TABLE request_log (id uuid, logged_at timestamptz, line text) PARTITION BY RANGE (logged_at)")
    name = logs.add_partition(FIRST, FIRST + DAY)
    logs.sql("INSERT INTO request_log VALUES (NULL, %s, 'a'), (%s, %s, 'b')", FIRST, uuid.uuid4(), FIRST)
    table = logs.table(evidence_column=None)
    nameless = [row for row in rows_of(logs, name) if row.item_id == "public.request_log_20260301(0,1)"]
    assert delete_rows(table, name, nameless) == {nameless[0]: GONE}
    assert logs.rows() == 1


def test_rows_of_a_partition_that_has_gone_are_gone(logs: LogTable) -> None:
    rows = rows_of(logs, logs.names[0])
    logs.sql(f"DROP TABLE {logs.names[0]}")
    assert present_rows(logs.table(), logs.names[0], rows) == set()


def test_days_that_are_missing_get_partitions_and_a_second_run_changes_nothing(logs: LogTable) -> None:
    created = create_partitions(logs.table(), from_day=date(2026, 3, 2), days=4)
    assert created == {"public.request_log_20260304": "created", "public.request_log_20260305": "created"}
    assert create_partitions(logs.table(), from_day=date(2026, 3, 2), days=4) == {}
    logs.log(FIRST + 4 * DAY)
    assert [one.name for one in PartitionStore(logs.table()).partitions()] == [*logs.names, *created]


def test_of_a_day_that_others_cover_in_part_the_rest_is_created(logs: LogTable) -> None:
    """The others go by days in Berlin, and one hour in the middle of a day has a partition of its own."""
    logs.add_partition(FIRST + 3 * DAY, FIRST + 4 * DAY - HOUR)
    logs.add_partition(FIRST + 4 * DAY + 10 * HOUR, FIRST + 4 * DAY + 11 * HOUR, "request_log_noon")
    created = create_partitions(logs.table(), from_day=date(2026, 3, 4), days=2)
    assert created == {
        "public.request_log_20260304_230000": "created",
        "public.request_log_20260305": "created",
        "public.request_log_20260305_110000": "created",
    }
    for hours in range(48):
        logs.log(FIRST + 3 * DAY + hours * HOUR)
    assert create_partitions(logs.table(), from_day=date(2026, 3, 4), days=2) == {}


def test_a_partition_without_end_covers_all_days_to_come(logs: LogTable) -> None:
    logs.sql("CREATE TABLE later PARTITION OF request_log FOR VALUES FROM ('2026-03-04 12:00Z') TO (MAXVALUE)")
    created = create_partitions(logs.table(), from_day=date(2026, 3, 4), days=5)
    assert created == {"public.request_log_20260304": "created"}


def test_a_new_partition_has_the_keys_owner_and_grants_of_its_table(database: str) -> None:
    owner, _ = make_role(database, "GRANT CREATE, USAGE ON SCHEMA public TO {role}")
    _, conninfo = make_role(database, f"GRANT {owner} TO {{role}}")
    reader, _ = make_role(database)
    logs = LogTable(database, keyed=True).create()
    logs.sql(f"ALTER TABLE request_log OWNER TO {owner}")
    checker, _ = make_role(database)
    logs.sql(f"GRANT SELECT ON request_log TO {reader}")
    logs.sql(f"GRANT SELECT (id, logged_at) ON request_log TO {checker}")
    created = create_partitions(LogTable(conninfo).table(), from_day=date(2026, 3, 1), days=1)
    assert created == {"public.request_log_20260301": "created"}
    rights = "SELECT relowner::regrole::text, has_table_privilege(%s, oid, 'SELECT'), has_table_privilege(%s, oid, 'DELETE') "
    rights += "FROM pg_class WHERE relname = 'request_log_20260301'"
    assert logs.sql(rights, reader, reader) == [(owner, True, False)]
    columns = "SELECT has_column_privilege(%s, 'request_log_20260301', 'id', 'SELECT'), "
    columns += "has_column_privilege(%s, 'request_log_20260301', 'line', 'SELECT')"
    assert logs.sql(columns, checker, checker) == [(True, False)]
    assert logs.sql("SELECT count(*) FROM pg_indexes WHERE tablename = 'request_log_20260301'") == [(2,)]


def test_a_day_whose_rows_lie_in_the_default_partition_is_refused_and_the_others_are_made(logs: LogTable) -> None:
    logs.add_default()
    logs.log(FIRST + 3 * DAY)
    created = create_partitions(logs.table(), from_day=date(2026, 3, 4), days=2)
    assert created == {"public.request_log_20260304": "23514", "public.request_log_20260305": "created"}
    assert created.refused == {"public.request_log_20260304": "23514"}
    assert logs.rows() == 16


def test_new_partitions_wait_for_no_long_reader(logs: LogTable) -> None:
    with psycopg.connect(logs.conninfo) as reader:
        reader.execute("SELECT count(*) FROM request_log")
        created = create_partitions(logs.table(), from_day=date(2026, 3, 4), days=1)
    assert created == {"public.request_log_20260304": "created"}


@pytest.mark.parametrize("days", [0, -1, 91])
def test_a_senseless_number_of_days_is_refused(logs: LogTable, days: int) -> None:
    with pytest.raises(RequestError, match="1 to 90"):
        create_partitions(logs.table(), from_day=date(2026, 3, 4), days=days)
