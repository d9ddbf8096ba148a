"""Our own database: its migrations and its connections (schema `retention`)."""

from __future__ import annotations

import os
import traceback
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from retention import locks
from retention.errors import UnknownError

MIGRATIONS = Path(__file__).resolve().parents[1] / "sql" / "migrations"

OwnConnection = psycopg.Connection[DictRow]


def connect(conninfo: str, *, autocommit: bool = True) -> OwnConnection:
    """Open a connection to our own database; rows come as dicts, time zone UTC.

    Raises UnknownError when the database does not answer; libpq's message names host and user, never a password.
    """
    try:
        connection = psycopg.connect(conninfo, row_factory=dict_row, autocommit=True)
        prepare_session(connection)
        connection.autocommit = autocommit
    except psycopg.OperationalError as error:
        raise _no_answer(error) from None
    return connection


def _no_answer(error: psycopg.Error) -> UnknownError:
    """libpq's message names host and user, never a password."""
    said = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return UnknownError(
        f"our own database did not answer ({said}); expected a running PostgreSQL at the connection retention_db. "
        "Start it (`make run` for the local stack) or mend the connection."
    )


def prepare_session(connection: psycopg.Connection[Any]) -> None:
    """Time zone UTC, and rows that a policy hides are an error: a hidden consent or hold would be taken for none."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET row_security = off")


def database_time(own: OwnConnection) -> datetime:
    """The time of our own database: it dates holds, deletions and checks."""
    row = own.execute("SELECT clock_timestamp() AS at").fetchone()
    assert row is not None  # a SELECT of one value
    at: datetime = row["at"]
    return at


def migrate(conninfo: str) -> str:
    """Bring schema `retention` to the newest version and return that version; running it twice changes nothing.

    Raises UnknownError when the database does not answer, or refuses.
    """
    import sqlalchemy as sa
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo))
    try:
        with engine.begin() as connection:
            # One migration at a time, and the schema first: alembic keeps its own version table inside it.
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({locks.MIGRATION})")
            connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS retention")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except sa.exc.DBAPIError as error:
        raise _of_driver(error.orig) from None
    finally:
        engine.dispose()
    return ScriptDirectory.from_config(config).get_current_head() or ""


def versions() -> set[str]:
    """All versions of the schema that this code knows."""
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}


def newest_version() -> str | None:
    """The version that `migrate` brings the schema to."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def _of_driver(error: BaseException | None) -> UnknownError:
    """What the driver raised, which SQLAlchemy wraps: no connection at all has no SQLSTATE."""
    if not isinstance(error, psycopg.Error):
        return UnknownError(f"the migration failed ({type(error).__name__}); expected a PostgreSQL database")
    return _no_answer(error) if error.sqlstate is None else without_values(error)


_MIGRATE = "Run `python -m retention migrate` first."
_GRANT = (
    "The role lacks a right. In our own database run include/sql/roles/own.sql as its owner, after each `migrate`; in a source "
    "your copy of include/sql/roles/source.sql. RETENTION_DEBUG=1 prints the whole error."
)
_HINTS = {"42P01": _MIGRATE, "42703": _MIGRATE, "3F000": _MIGRATE, "42501": _GRANT}


def without_values(error: psycopg.Error) -> UnknownError:
    """A database error without the database's words, which may hold values. The place in our code is named instead.

    `RETENTION_DEBUG=1` prints the whole error on standard error, for whoever may see it.
    """
    if os.environ.get("RETENTION_DEBUG"):
        traceback.print_exception(error)
    ours = [f for f in traceback.extract_tb(error.__traceback__) if "retention" in f.filename]
    where = f" in {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    hint = _HINTS.get(error.sqlstate or "", "RETENTION_DEBUG=1 prints the whole error.")
    return UnknownError(
        f"a database refused or did not answer ({type(error).__name__}, SQLSTATE {error.sqlstate}{where}); "
        f"expected it to. {hint}"
    )
