"""What Airflow's own database remembers of runs (tested: Airflow 3.3.2), and what `airflow db clean` leaves of it.

`db clean` has its own idea of what has to stay: the last scheduled run of each DAG, runs that never started, and a copy of all
that it deletes (`_airflow_deleted__*`), which a killed one leaves behind. After it, `finish` deletes what is left of that, but no
run that still runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from retention.errors import StoreUnreadable

Session = psycopg.Connection[dict[str, Any]]
R = TypeVar("R")

LOCK_WAIT_MS = 5_000
"""Longest wait for rows or tables that Airflow itself works on."""

_RUN: LiteralString = "coalesce(start_date, queued_at, created_at, run_after)"
_TASK: LiteralString = "coalesce(start_date, queued_dttm, scheduled_dttm, updated_at)"
LOG_TABLES: Mapping[str, LiteralString] = {
    "asset_event": "timestamp",
    "asset_partition_dag_run": "created_at",
    "backfill": "completed_at",
    "callback": "created_at",
    "celery_taskmeta": "date_done",
    "celery_tasksetmeta": "date_done",
    "connection_test_request": "updated_at",
    "dag_run": _RUN,
    "dag_run_note": "created_at",
    "deadline": "created_at",
    "hitl_detail": "created_at",
    "hitl_detail_history": "created_at",
    "import_error": "timestamp",
    "job": "coalesce(latest_heartbeat, start_date)",
    "log": "dttm",
    "partitioned_asset_key_log": "created_at",
    "task_instance": _TASK,
    "task_instance_history": _TASK,
    "task_instance_note": "created_at",
    "task_reschedule": "start_date",
    "task_state_store": "updated_at",
    "xcom": "timestamp",
    "_xcom_archive": "timestamp",
}
"""Tables that hold records of what happened, and when each was last true. A run that is started anew is a new record. What is
not here says how things are (DAGs, connections, accounts, sessions until they expire), and is no log."""

CLEANED_BY_AIRFLOW = (
    "asset_event", "callback", "celery_taskmeta", "celery_tasksetmeta", "connection_test_request", "dag_run", "deadline",
    "import_error", "job", "log", "partitioned_asset_key_log", "revoked_token", "session", "task_instance",
    "task_instance_history", "task_reschedule", "task_state_store", "xcom", "_xcom_archive",
)  # fmt: skip
"""For `db clean --tables`. Not `dag` and `dag_version`, where it breaks off with all that comes after it when a DAG's task is
younger than the DAG's file; not `trigger`, which holds what watches assets, however old."""

ARCHIVE = re.compile(r"_airflow_deleted__(?P<table>[a-z_]+?)__[0-9]{14}(__b[0-9]+)?")
"""The name of a copy that `db clean` made."""

_FINISH: Mapping[str, LiteralString] = {
    # Runs that never started have no start_date, which is what `db clean` goes by. It keeps each DAG's last scheduled run, so
    # that one with catchup doesn't begin again at its start; without catchup the schedule needs no last run.
    "dag_run": """
        DELETE FROM dag_run AS r WHERE coalesce(start_date, queued_at, created_at, run_after) < %(before)s
           AND r.state IS DISTINCT FROM 'running' AND NOT (
            r.id IN (SELECT DISTINCT ON (dag_id) id FROM dag_run WHERE run_type <> 'manual'
                      ORDER BY dag_id, run_after DESC, id DESC)
            AND coalesce((SELECT coalesce(s.data -> 'dag' ->> 'catchup', 'true') FROM serialized_dag AS s
                           WHERE s.dag_id = r.dag_id ORDER BY s.created_at DESC LIMIT 1), 'false') <> 'false')""",
    "job": "DELETE FROM job WHERE coalesce(latest_heartbeat, start_date) < %(before)s",
    # Airflow keeps what still waits for the rest of its partitions, for ever where they never come.
    "asset_partition_dag_run": "DELETE FROM asset_partition_dag_run WHERE created_at < %(before)s",
    "partitioned_asset_key_log": "DELETE FROM partitioned_asset_key_log WHERE created_at < %(before)s",
    "backfill": """
        DELETE FROM backfill AS b WHERE completed_at < %(before)s
           AND NOT EXISTS (SELECT FROM dag_run AS r WHERE r.backfill_id = b.id)""",
}


@dataclass(frozen=True, slots=True)
class AirflowMetadata:
    """Airflow's database, schema `public`. No call logs or raises with a value in it."""

    conninfo: str

    def check(self) -> None:
        """Raise StoreUnreadable unless this is Airflow's database and its records can be counted."""
        missing = {"dag_run", "task_instance", "log"} - self._ask(_tables)
        if missing:
            raise _unreadable(f"no table {', '.join(sorted(missing))}", "the database that Airflow keeps its runs in")

    def clock(self) -> datetime:
        """The database's time."""

        def read(session: Session) -> datetime:
            now: datetime = _value(session, sql.SQL("SELECT now() AS value"), ())
            return now.astimezone(UTC)

        return self._ask(read)

    def count_older(self, before: datetime) -> dict[str, int]:
        """How many records of each table are older than `before`; tables without any are left out."""

        def read(session: Session) -> dict[str, int]:
            present = _tables(session)
            times = {name: time for name, time in LOG_TABLES.items() if name in present}
            counts = {
                name: _value(session, _COUNT.format(table=sql.Identifier(name), time=sql.SQL(time)), (before,))
                for name, time in sorted(times.items())
            }
            return {name: count for name, count in counts.items() if count}

        return self._ask(read)

    def left_by_airflow(self) -> list[str]:
        """The tables of which `finish` deletes what `db clean` leaves, in the order in which that has to be done."""
        present = self._ask(_tables)
        return [table for table in _FINISH if table in present]

    def finish(self, table: str, before: datetime) -> int:
        """Delete from one of these tables what is older than `before`; returns how many rows."""
        return self._ask(lambda session: session.execute(_FINISH[table], {"before": before}).rowcount)

    def archives(self) -> list[str]:
        """The copies that `db clean` left, whoever ran it: what is in them, somebody had already decided to delete."""
        return sorted(filter(ARCHIVE.fullmatch, self._ask(_tables)))

    def drop_archive(self, name: str) -> str | None:
        """Drop one copy; gives the SQLSTATE of a refusal. One of the last hour may be in use (55006)."""

        def work(session: Session) -> str | None:
            try:
                session.execute("SELECT public.retention_drop_archive(%s)", (name,))
            except psycopg.Error as error:
                if error.sqlstate is None:
                    raise
                return error.sqlstate
            return None

        return self._ask(work)

    def may_reach(self, archive: str, since: datetime) -> bool:
        """Whether a record of this copy may have happened at or after `since`: also where that can't be read, or has no time."""
        copied = ARCHIVE.fullmatch(archive)
        time = LOG_TABLES.get(copied["table"]) if copied is not None else None
        if time is None:
            return True
        query = _ANY_SINCE.format(table=sql.Identifier(archive), time=sql.SQL(time))

        def work(session: Session) -> bool:
            try:
                return bool(_value(session, query, (since,)))
            except psycopg.Error as error:
                if error.sqlstate is None:
                    raise
                return True

        return self._ask(work)

    def _ask(self, work: Callable[[Session], R]) -> R:
        try:
            with psycopg.connect(self.conninfo, row_factory=dict_row, autocommit=True) as session:
                session.execute("SET TimeZone = 'UTC'")
                session.execute("SET row_security = off")
                session.execute("SET search_path = public")
                session.execute(f"SET lock_timeout = {LOCK_WAIT_MS}")
                return work(session)
        except psycopg.Error as error:
            code = error.sqlstate or type(error).__name__
        raise _unreadable(
            f"database error {code}", "an answer; look at the connection and include/sql/roles/airflow.sql", code
        )


_ANY_SINCE = sql.SQL("SELECT EXISTS (SELECT FROM {table} WHERE {time} IS NULL OR {time} >= %s) AS value")
_COUNT = sql.SQL("SELECT count(*) AS value FROM {table} WHERE {time} < %s")


def _unreadable(found: str, expected: str, code: str | None = None) -> StoreUnreadable:
    return StoreUnreadable(f"Airflow's database: found {found}; expected {expected}.", code=code)


def _value(session: Session, query: sql.SQL | sql.Composed, parameters: tuple[Any, ...]) -> Any:
    row = session.execute(query, parameters).fetchone()
    assert row is not None  # one value
    return row["value"]


def _tables(session: Session) -> set[str]:
    return {
        row["name"]
        for row in session.execute(
            "SELECT c.relname::text AS name FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"
        )
    }
