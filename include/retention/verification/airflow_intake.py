"""Reads Airflow's own database: how old the oldest record of each table is that remembers what happened.

Written apart from the maintenance that clears it. What says how things are (DAGs, connections, accounts) is no log; sessions and
tokens say only when they end, not when they began.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from psycopg import sql

from retention.datamap.loader import MappedAirflow
from retention.verification.holds import HoldIndex
from retention.verification.inventory import Entry
from retention.verification.place_check import PlaceCheck
from retention.verification.source import Source, Unread

_ABOUT = "Airflow's tables"

HAPPENED = {
    "asset_event": "timestamp",
    "asset_partition_dag_run": "created_at",
    "backfill": "completed_at",
    "callback": "created_at",
    "celery_taskmeta": "date_done",
    "celery_tasksetmeta": "date_done",
    "connection_test_request": "updated_at",
    "dag_run": "coalesce(start_date, queued_at, created_at, run_after)",
    "dag_run_note": "created_at",
    "deadline": "created_at",
    "hitl_detail": "created_at",
    "hitl_detail_history": "created_at",
    "import_error": "timestamp",
    "job": "coalesce(latest_heartbeat, start_date)",
    "log": "dttm",
    "partitioned_asset_key_log": "created_at",
    "task_instance": "coalesce(start_date, queued_dttm, scheduled_dttm, updated_at)",
    "task_instance_history": "coalesce(start_date, queued_dttm, scheduled_dttm, updated_at)",
    "task_instance_note": "created_at",
    "task_reschedule": "start_date",
    "task_state_store": "updated_at",
    "xcom": "timestamp",
    "_xcom_archive": "timestamp",
}
"""When a record was last true: a run that is started anew is a new record."""

_NEVER_DATELESS = ("asset_event", "callback", "dag_run", "import_error", "job", "log", "xcom")
"""Where a record without any time is one whose age nobody can tell. A task that never ran goes with its run."""

_COPY = re.compile(r"_airflow_deleted__(?P<table>[a-z_]+?)__(?P<made>[0-9]{14})(?:__b[0-9]+)?")
_NO_RIGHT = "42501"

_TABLES = """
SELECT c.relname::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY 1
"""


def read_airflow(check: PlaceCheck) -> None:
    """Every table, and every copy that `airflow db clean` left. Raises StoreUnreadable."""
    place = check.place
    assert isinstance(place, MappedAirflow)  # intakes.py
    check.looked_at.update(parts=0, partitions=0)
    source = Source(check.around.resolve(place.store.verification), check.name, _ABOUT)
    check.around.sessions.callback(source.close)
    holds = HoldIndex(check.around.scopes, check.terms.category)
    tables = [str(name) for (name,) in source.ask(_ABOUT, sql.SQL(_TABLES))]
    if not {"dag_run", "task_instance", "log"} <= set(tables):
        raise Unread(
            f"place {check.name!r}: found no tables of Airflow's",
            "NotAirflow",
            "the database that Airflow keeps its runs in",
        )
    for table in tables:
        check.inventory.add(list(_entries(check, source, holds, table)))


def _entries(check: PlaceCheck, source: Source, holds: HoldIndex, table: str) -> Iterator[Entry]:
    copied = _COPY.fullmatch(table)
    if table in HAPPENED:
        check.looked_at["partitions"] += 1
        oldest, _, dateless = _ages(source, table, HAPPENED[table])
        if oldest is not None:
            yield _entry(check, holds, table, "record", oldest)
        if dateless and table in _NEVER_DATELESS:
            yield _entry(check, holds, f"{table} without a time", "record", None)
    elif copied is not None:
        check.looked_at["partitions"] += 1
        made_at = datetime.strptime(copied["made"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        oldest, youngest = _ages_of_copy(source, table, copied, made_at)
        yield _entry(check, holds, table, "partition", oldest, reaches_to=youngest, note="copy")


def _ages_of_copy(source: Source, table: str, copied: re.Match[str], made_at: datetime) -> tuple[datetime, datetime]:
    """Its oldest and its youngest record; where they can't be read, when it was made, which is later than every record in it."""
    happened = HAPPENED.get(copied["table"])
    if happened is None:
        return made_at, made_at
    try:
        oldest, youngest, _ = _ages(source, table, happened)
    except Unread as error:
        if error.code != _NO_RIGHT:
            raise
        return made_at, made_at
    return oldest or made_at, max(youngest or made_at, made_at)


def _ages(source: Source, table: str, happened: str) -> tuple[datetime | None, datetime | None, bool]:
    """When the oldest and the youngest record happened, and whether there is one without any time."""
    query = sql.SQL(
        "SELECT min(at) FILTER (WHERE at BETWEEN '1990-01-01Z' AND '9999-12-30Z'), "
        "max(at) FILTER (WHERE at BETWEEN '1990-01-01Z' AND '9999-12-30Z'), coalesce(bool_or(at IS NULL), FALSE) "
        "FROM (SELECT CAST({happened} AS timestamptz) AS at FROM public.{table}) AS records"
    ).format(happened=sql.SQL(happened), table=sql.Identifier(table))
    ((oldest, youngest, dateless),) = source.ask(_ABOUT, query)
    return oldest, youngest, bool(dateless)


def _entry(check: PlaceCheck, holds: HoldIndex, name: str, kind: str, at: datetime | None, **known: Any) -> Entry:
    check.read_more("parts", 1)
    hashed = check.item_hash(name)
    return check.entry(
        kind,
        holds=holds.covering(check.name, (name,), None, None, person_known=False),
        item_hash=hashed,
        part_hash=hashed,
        row_count=1,
        clock_at=at,
        **known,
    )
