"""Partitions on the real server: read, detached, dropped, from wherever an interrupted try left them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from tests.stores.partitioned import DAY, FIRST, LogTable, three_days
from tests.stores.test_postgres_store import make_role

from retention.errors import DataMapError, StoreUnreadable
from retention.stores.partition_catalog import Partition, PartitionState, mark_of
from retention.stores.partition_drop import LOCK_WAIT_MS
from retention.stores.partitions import PartitionStore
from retention.stores.protocol import Removal, RemovalResult

GONE, ABSENT = RemovalResult(Removal.REMOVED, 1), RemovalResult(Removal.ABSENT, 0)
MARK = "COMMENT ON TABLE {name} IS '{mark}'"


@pytest.fixture
def logs(database: str) -> LogTable:
    return three_days(database)


def drop(store: PartitionStore, name: str, **patience: float) -> RemovalResult:
    """Drop the partition as it is now; an absent one as if it had been detached."""
    found = store.find(name)
    if found is None:
        return store.drop(Partition(name, 0, PartitionState.DETACHED, False, None, None), None, **patience)
    return store.drop(found, found.upper or store.records(found).youngest, **patience)


@contextmanager
def reading(logs: LogTable, table: str = "request_log") -> Iterator[psycopg.Connection[Any]]:
    """A transaction that has read the table and stays open."""
    with psycopg.connect(logs.conninfo) as reader:
        reader.execute(f"SELECT count(*) FROM {table}")  # type: ignore[call-overload]
        yield reader
        reader.rollback()


def interrupt_detach(logs: LogTable, name: str) -> None:
    """Leave a partition pending: the detaching session is ended while it waits for a reader."""
    with reading(logs), psycopg.connect(logs.conninfo, autocommit=True) as detaching:
        pid = detaching.info.backend_pid
        ended = threading.Thread(target=_end_when_waiting, args=(logs, pid))
        ended.start()
        with pytest.raises(psycopg.errors.AdminShutdown):
            detaching.execute(f"ALTER TABLE request_log DETACH PARTITION {name} CONCURRENTLY")  # type: ignore[call-overload]
        ended.join()


def _end_when_waiting(logs: LogTable, pid: int) -> None:
    waiting = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
    while not logs.sql(waiting, pid):
        time.sleep(0.01)
    logs.sql("SELECT pg_terminate_backend(%s)", pid)


def test_partitions_come_with_their_bounds_in_utc_and_the_default_last(logs: LogTable) -> None:
    logs.add_default()
    logs.sql("ALTER DATABASE {} SET TimeZone = 'Asia/Tokyo'".format(logs.sql("SELECT current_database()")[0][0]))
    found = PartitionStore(logs.table()).partitions()
    assert [one.name for one in found] == logs.names
    assert [(one.lower, one.upper) for one in found[:3]] == [
        (FIRST + number * DAY, FIRST + (number + 1) * DAY) for number in range(3)
    ]
    assert (found[3].is_default, found[3].lower, found[3].upper) == (True, None, None)


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        pytest.param("FROM (MINVALUE) TO ('2020-01-01Z')", (None, datetime(2020, 1, 1, tzinfo=UTC)), id="from_minvalue"),
        pytest.param("FROM ('2030-01-01Z') TO (MAXVALUE)", (datetime(2030, 1, 1, tzinfo=UTC), None), id="to_maxvalue"),
        pytest.param("FROM ('2030-01-01Z') TO ('infinity')", (datetime(2030, 1, 1, tzinfo=UTC), None), id="to_infinity"),
        pytest.param(
            "FROM ('-infinity') TO ('2020-01-01Z')", (None, datetime(2020, 1, 1, tzinfo=UTC)), id="from_infinity"
        ),
    ],
)  # fmt: skip
def test_a_partition_without_end_has_none(logs: LogTable, bounds: str, expected: tuple[Any, Any]) -> None:
    logs.sql(f"CREATE TABLE far PARTITION OF request_log FOR VALUES {bounds}")
    found = next(one for one in PartitionStore(logs.table()).partitions() if one.name == "public.far")
    assert (found.lower, found.upper) == expected


def test_records_are_oldest_youngest_evidence_and_about_how_many(logs: LogTable) -> None:
    logs.log(FIRST + DAY / 4, stored_at=FIRST - DAY)
    store = PartitionStore(logs.table())
    found = store.records(store.partitions()[0])
    assert (found.oldest, found.youngest) == (FIRST + DAY / 4, FIRST + DAY / 2)
    assert (found.evidence, found.about_rows) == (FIRST - DAY, 226)  # a page, of which nothing is known yet
    logs.sql(f"ANALYZE {logs.names[0]}")
    assert store.records(store.partitions()[0]).about_rows == 5


def test_of_a_file_that_has_grown_much_since_it_was_analysed_the_density_counts_for_nothing(logs: LogTable) -> None:
    """One wide row when it was analysed, many short ones since."""
    name = logs.add_partition(FIRST + 10 * DAY, FIRST + 11 * DAY)
    logs.sql(f"ALTER TABLE {name} ALTER COLUMN line SET STORAGE PLAIN")
    insert = "INSERT INTO request_log (logged_at, line) SELECT %s, repeat('x', %s) FROM generate_series(1, %s)"
    logs.sql(insert, FIRST + 10 * DAY, 7_000, 1)
    logs.sql(f"ANALYZE {name}")
    logs.sql(insert, FIRST + 10 * DAY, 5, 10_000)
    store = PartitionStore(logs.table())
    found = store.records(next(one for one in store.partitions() if one.name == name)).about_rows
    assert found is not None and found >= 10_000


@pytest.mark.parametrize("time", ["-infinity", "1970-01-01Z"])
def test_a_row_whose_time_is_none_makes_no_partition_empty(logs: LogTable, time: str) -> None:
    logs.sql("CREATE TABLE before PARTITION OF request_log FOR VALUES FROM (MINVALUE) TO ('2026-01-01Z')")
    store = PartitionStore(logs.table())
    before = store.partitions()[0]
    assert store.records(before).is_empty
    logs.sql("INSERT INTO request_log (logged_at, line) VALUES (%s, 'x')", time)
    assert (store.records(before).is_empty, store.records(before).has_undated) == (False, True)


def test_a_partition_is_detached_and_dropped_and_the_others_stay(logs: LogTable) -> None:
    store = PartitionStore(logs.table())
    assert drop(store, logs.names[0]) == GONE
    assert [one.name for one in store.partitions()] == logs.names[1:]
    assert logs.rows() == 11
    assert drop(store, logs.names[0]) == ABSENT


@pytest.mark.parametrize("steps", [pytest.param(number, id=f"after_{number}_steps") for number in range(4)])
def test_an_interrupted_detach_is_finished_from_wherever_it_stopped(logs: LogTable, steps: int) -> None:
    name = logs.names[0]
    if steps >= 1:
        logs.sql(MARK.format(name=name, mark=mark_of(name, "public.request_log")))
    if steps >= 2:
        interrupt_detach(logs, name)
    if steps >= 3:
        logs.sql(f"ALTER TABLE request_log DETACH PARTITION {name} FINALIZE")
    store = PartitionStore(logs.table())
    state = next(one.state for one in store.partitions() if one.name == name)
    expected = [PartitionState.ATTACHED, PartitionState.ATTACHED, PartitionState.PENDING, PartitionState.DETACHED]
    assert state is expected[steps]
    assert drop(store, name) == GONE
    assert logs.sql("SELECT to_regclass(%s)", name) == [(None,)]


def test_a_detach_that_somebody_else_left_pending_does_not_stop_ours(logs: LogTable) -> None:
    interrupt_detach(logs, logs.names[1])
    store = PartitionStore(logs.table())
    assert drop(store, logs.names[0]) == GONE
    left = {one.name: one.state for one in store.partitions()}
    assert left == {logs.names[2]: PartitionState.ATTACHED, logs.names[1]: PartitionState.DETACHED}
    assert not store.records(store.partitions()[-1]).is_empty


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param("ALTER TABLE request_log_20260301 RENAME TO kept_for_court", id="renamed"),
        pytest.param("COMMENT ON TABLE request_log_20260301 IS 'kept for court'", id="another_comment"),
    ],
)
def test_a_detached_table_without_its_own_mark_is_not_ours(logs: LogTable, changed: str) -> None:
    name = logs.names[0]
    logs.sql(MARK.format(name=name, mark=mark_of(name, "public.request_log")))
    logs.sql(f"ALTER TABLE request_log DETACH PARTITION {name}")
    logs.sql(changed)
    store = PartitionStore(logs.table())
    assert [one.name for one in store.partitions()] == logs.names[1:]
    assert drop(store, name) == ABSENT
    assert logs.sql("SELECT count(*) FROM pg_class WHERE relname IN ('kept_for_court', 'request_log_20260301')") == [
        (1,)
    ]


def recycle(logs: LogTable, name: str, lower: str, upper: str) -> None:
    """As scripts for weekday partitions do: emptied, and attached for other days."""
    logs.sql(f"ALTER TABLE request_log DETACH PARTITION {name}")
    logs.sql(f"TRUNCATE {name}")
    logs.sql(f"ALTER TABLE request_log ATTACH PARTITION {name} FOR VALUES FROM ('{lower}') TO ('{upper}')")
    logs.sql("INSERT INTO request_log (logged_at, line) VALUES (%s, 'of another day')", lower)


CHANGED = RemovalResult(Removal.FAILED, 0, "changed")
OTHER_DAY = ("2026-03-20Z", "2026-03-21Z")


def test_a_partition_that_was_recycled_for_other_days_since_it_was_decided_on_stays(logs: LogTable) -> None:
    store, name = PartitionStore(logs.table()), logs.names[0]
    decided = store.partitions()[0]
    recycle(logs, name, *OTHER_DAY)
    assert store.drop(decided, decided.upper) == CHANGED
    assert logs.sql(f"SELECT line FROM {name}") == [("of another day",)]


def test_another_table_under_the_name_and_for_the_same_day_stays(logs: LogTable) -> None:
    store, name = PartitionStore(logs.table()), logs.names[0]
    decided = store.partitions()[0]
    logs.sql(f"DROP TABLE {name}")
    logs.add_partition(FIRST, FIRST + DAY)
    assert store.drop(decided, decided.upper) == CHANGED


def test_a_partition_that_is_recycled_while_its_drop_waits_for_a_lock_stays(logs: LogTable) -> None:
    """Our drop waits in one of its tries when the other's transaction ends, and finds another partition under the lock."""
    store, name = PartitionStore(logs.table()), logs.names[0]
    decided = store.partitions()[0]
    with psycopg.connect(logs.conninfo) as other:
        other.execute(f"ALTER TABLE request_log DETACH PARTITION {name}")  # type: ignore[call-overload]
        other.execute(f"TRUNCATE {name}")  # type: ignore[call-overload]
        bounds = "FOR VALUES FROM ('2026-03-20Z') TO ('2026-03-21Z')"
        other.execute(f"ALTER TABLE request_log ATTACH PARTITION {name} {bounds}")  # type: ignore[call-overload]
        ended = threading.Timer(0.4, other.commit)
        ended.start()
        assert store.drop(decided, decided.upper) == CHANGED
        ended.join()
    assert [one.state for one in store.partitions() if one.name == name] == [PartitionState.ATTACHED]


@pytest.mark.parametrize(
    "state", [pytest.param("pending", id="pending"), pytest.param("detached", id="detached_and_marked")]
)
def test_a_leftover_that_was_attached_again_stays(logs: LogTable, state: str) -> None:
    store, name = PartitionStore(logs.table()), logs.names[0]
    logs.sql(MARK.format(name=name, mark=mark_of(name, "public.request_log")))
    interrupt_detach(logs, name)
    if state == "detached":
        logs.sql(f"ALTER TABLE request_log DETACH PARTITION {name} FINALIZE")
    decided = next(one for one in store.partitions() if one.name == name)
    if state == "pending":
        logs.sql(f"ALTER TABLE request_log DETACH PARTITION {name} FINALIZE")
    logs.sql(f"TRUNCATE {name}")
    for (constraint,) in logs.sql(
        f"SELECT conname FROM pg_constraint WHERE conrelid = '{name}'::regclass AND contype = 'c'"
    ):
        logs.sql(f"ALTER TABLE {name} DROP CONSTRAINT {constraint}")
    logs.sql(f"ALTER TABLE request_log ATTACH PARTITION {name} FOR VALUES FROM ('2026-03-20Z') TO ('2026-03-21Z')")
    assert store.drop(decided, FIRST + DAY) == CHANGED


def test_a_detached_table_into_which_younger_records_came_stays(logs: LogTable) -> None:
    store, name = PartitionStore(logs.table()), logs.names[0]
    logs.sql(MARK.format(name=name, mark=mark_of(name, "public.request_log")))
    logs.sql(f"ALTER TABLE request_log DETACH PARTITION {name}")
    decided = store.partitions()[-1]
    youngest = store.records(decided).youngest
    logs.sql(f"INSERT INTO {name} (id, logged_at, line) VALUES (1, '2026-03-20Z', 'x')")
    assert store.drop(decided, youngest) == CHANGED
    assert store.drop(decided, None) == CHANGED


def test_a_pending_detach_is_finished_also_beside_a_default_partition_that_came_later(logs: LogTable) -> None:
    interrupt_detach(logs, logs.names[0])
    logs.add_default()
    assert drop(PartitionStore(logs.table()), logs.names[0]) == GONE


def test_beside_a_default_partition_only_an_empty_one_is_dropped(logs: LogTable) -> None:
    logs.add_default()
    store = PartitionStore(logs.table())
    assert drop(store, logs.names[0], patience_s=0) == RemovalResult(Removal.FAILED, 0, "not_empty")
    logs.sql(f"DELETE FROM {logs.names[0]}")
    assert drop(store, logs.names[0]) == GONE
    assert logs.rows() == 11


def test_rows_that_another_table_points_to_fail_their_partition_with_the_code(database: str) -> None:
    logs = LogTable(database, keyed=True).create()
    name = logs.add_partition(FIRST, FIRST + DAY)
    logs.log(FIRST)
    logs.sql(
        "CREATE TABLE incidents (log_id bigint, logged_at timestamptz, FOREIGN KEY (log_id, logged_at) REFERENCES request_log)"
    )
    logs.sql("INSERT INTO incidents SELECT id, logged_at FROM request_log")
    assert drop(PartitionStore(logs.table()), name) == RemovalResult(Removal.FAILED, 0, "23503")
    assert logs.rows() == 1


def test_a_view_on_the_partition_fails_it_with_the_code_and_the_next_try_finishes(logs: LogTable) -> None:
    logs.sql("CREATE VIEW first_day AS SELECT line FROM request_log_20260301")
    store = PartitionStore(logs.table())
    assert drop(store, logs.names[0]) == RemovalResult(Removal.FAILED, 0, "2BP01")
    logs.sql("DROP VIEW first_day")
    assert drop(store, logs.names[0]) == GONE


def test_a_partition_that_somebody_reads_waits_for_its_turn_and_others_go(logs: LogTable) -> None:
    store = PartitionStore(logs.table())
    with reading(logs, "request_log_20260301"):
        assert drop(store, logs.names[0], patience_s=0.3) == RemovalResult(Removal.FAILED, 0, "55P03")
        assert drop(store, logs.names[1]) == GONE
    assert drop(store, logs.names[0]) == GONE


def test_readers_of_the_table_are_never_queued_behind_a_waiting_detach(logs: LogTable) -> None:
    """While the detach waits for an old reader, others read and write; counted by what PostgreSQL blocks, not by a clock."""
    done = threading.Event()
    blocked: list[int] = []

    def watch() -> None:
        with psycopg.connect(logs.conninfo, autocommit=True) as session:
            session.execute(f"SET lock_timeout = {LOCK_WAIT_MS + 50}")
            while not done.is_set():
                try:
                    session.execute("SELECT count(*) FROM request_log")
                    session.execute("INSERT INTO request_log (logged_at, line) VALUES ('2026-03-03 10:00Z', 'x')")
                except psycopg.errors.LockNotAvailable:
                    blocked.append(1)

    watcher = threading.Thread(target=watch)
    with reading(logs):
        watcher.start()
        try:
            result = drop(PartitionStore(logs.table()), logs.names[0], patience_s=1.0)
        finally:
            done.set()
            watcher.join()
    assert result == RemovalResult(Removal.FAILED, 0, "55P03")
    assert blocked == []
    assert drop(PartitionStore(logs.table()), logs.names[0]) == GONE


def test_rows_that_come_in_while_partitions_go_are_kept(logs: LogTable) -> None:
    done, written = threading.Event(), []

    def write() -> None:
        with psycopg.connect(logs.conninfo, autocommit=True) as session:
            while not done.is_set():
                session.execute("INSERT INTO request_log (logged_at, line) VALUES ('2026-03-03 10:00Z', 'x')")
                written.append(1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        store = PartitionStore(logs.table())
        assert [drop(store, name) for name in logs.names[:2]] == [GONE, GONE]
    finally:
        done.set()
        writer.join()
    assert logs.rows() == 6 + len(written)


@pytest.mark.parametrize(
    ("make", "found"),
    [
        pytest.param("SELECT 1", "no such table", id="no_table"),
        pytest.param("CREATE TABLE request_log (id int, logged_at timestamptz)", "no table partitioned", id="plain_table"),
        pytest.param(
            "CREATE TABLE request_log (id int, logged_at timestamptz, stored_at timestamptz) PARTITION BY LIST (logged_at)",
            "no table partitioned by range",
            id="by_list",
        ),
        pytest.param(
            "CREATE TABLE request_log (id int, logged_at timestamptz, stored_at timestamptz) PARTITION BY RANGE (stored_at)",
            "partitions by stored_at",
            id="by_another_column",
        ),
        pytest.param(
            "CREATE TABLE request_log (id int, logged_at timestamp, stored_at timestamptz) PARTITION BY RANGE (logged_at)",
            "type timestamp without time zone",
            id="without_time_zone",
        ),
        pytest.param(
            "CREATE TABLE request_log (id int, logged_at timestamptz) PARTITION BY RANGE (logged_at)",
            "no column 'stored_at'",
            id="no_evidence_column",
        ),
    ],
)  # fmt: skip
def test_a_table_that_is_not_as_mapped_is_refused(database: str, make: str, found: str) -> None:
    logs = LogTable(database)
    logs.sql(make)
    with pytest.raises(DataMapError, match=found):
        PartitionStore(logs.table()).check()


def test_partitions_that_are_partitioned_again_are_refused(logs: LogTable) -> None:
    logs.sql(
        "CREATE TABLE sub PARTITION OF request_log FOR VALUES FROM ('2026-05-01Z') TO ('2026-05-02Z') "
        "PARTITION BY RANGE (logged_at)"
    )
    with pytest.raises(DataMapError, match="partitioned again"):
        PartitionStore(logs.table()).check()


def test_a_role_without_the_owners_rights_is_refused_before_anything_is_tried(logs: LogTable) -> None:
    role, conninfo = make_role(logs.conninfo, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    store = PartitionStore(LogTable(conninfo).table())
    with pytest.raises(StoreUnreadable, match=r"found an owner, postgres, .* shares with the application"):
        store.check()
    owner, _ = make_role(logs.conninfo)
    logs.sql(f"ALTER TABLE request_log OWNER TO {owner}")
    with pytest.raises(StoreUnreadable, match=f"found an owner, {owner}, .* GRANT {owner} TO {role}"):
        store.check()
    assert drop(store, logs.names[0]) == RemovalResult(Removal.FAILED, 0, "42501")


def test_a_member_of_the_owning_role_may_drop(logs: LogTable) -> None:
    owner, _ = make_role(logs.conninfo, "GRANT CREATE, USAGE ON SCHEMA public TO {role}")
    for table in ("request_log", *logs.names):
        logs.sql(f"ALTER TABLE {table} OWNER TO {owner}")
    _, conninfo = make_role(logs.conninfo, f"GRANT {owner} TO {{role}}")
    store = PartitionStore(LogTable(conninfo).table())
    store.check()
    assert drop(store, logs.names[0]) == GONE
