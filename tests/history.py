"""Rewriting what checks recorded, as nobody but the database's superuser can: for tests about old and forged proofs."""

from __future__ import annotations

from retention.database import OwnConnection


def rewrite(own: OwnConnection, statement: str, *parameters: object) -> None:
    """Run one statement past the triggers that keep results as they were said."""
    with own.transaction():
        own.execute("SET LOCAL session_replication_role = replica")
        own.execute(statement.encode(), parameters or None)
