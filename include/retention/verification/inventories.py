"""Opens a check's own tables, and clears away those that killed checks left."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from retention import locks
from retention.database import OwnConnection, connect
from retention.verification.inventory import SCHEMA, Inventory, OwnDatabaseError
from retention.verification.source import STATEMENT_TIMEOUT


@contextmanager
def open_inventory(own_conninfo: str) -> Iterator[Inventory]:
    """One check's inventory, dropped at the end whatever happens; that of a check that was killed goes at the next one."""
    name = f"run_{secrets.token_hex(6)}"
    with connect(own_conninfo) as own:
        own.execute("SET lock_timeout = '60s'")
        own.execute("SELECT set_config('statement_timeout', %s, FALSE)", (STATEMENT_TIMEOUT,))
        _drop_leftovers(own)
        own.execute("SELECT pg_advisory_lock(%s, %s)", (locks.CHECKS, _lock_key(name)))
        inventory = Inventory(own, name)
        inventory.create()
        try:
            yield inventory
        except psycopg.errors.QueryCanceled as error:
            raise OwnDatabaseError(error) from None
        finally:
            with suppress(OwnDatabaseError):  # a lost session must not hide why; the next check drops the tables
                inventory.drop()


def _lock_key(name: str) -> int:
    """A running check holds this lock until its session ends; whoever gets it knows that the check is over."""
    return int(name.split("_")[1][:8], 16) - 2**31


def _drop_leftovers(own: OwnConnection) -> None:
    tables = own.execute(
        "SELECT tablename FROM pg_tables "
        "WHERE schemaname = %s AND tableowner = current_user AND tablename ~ '^run_[0-9a-f]{12}_'",
        (SCHEMA,),
    ).fetchall()
    for name in {"_".join(str(row["tablename"]).split("_")[:2]) for row in tables}:
        lock = (locks.CHECKS, _lock_key(name))
        if (own.execute("SELECT pg_try_advisory_lock(%s, %s) AS got", lock).fetchone() or {}).get("got"):
            Inventory(own, name).drop()
            own.execute("SELECT pg_advisory_unlock(%s, %s)", lock)
