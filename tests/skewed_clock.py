"""A database whose clock is wrong: what the operating system says can't be set in a test, a session's `clock_timestamp()` can."""

from __future__ import annotations

from datetime import timedelta

import psycopg
from psycopg import sql


def skew(conninfo: str, ahead: timedelta) -> None:
    """From now on, all new sessions of this database see a clock that is ahead by so much."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute("CREATE SCHEMA IF NOT EXISTS skewed")
        connection.execute("GRANT USAGE ON SCHEMA skewed TO PUBLIC")
        connection.execute(
            sql.SQL(
                "CREATE OR REPLACE FUNCTION skewed.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
                "$$ SELECT pg_catalog.clock_timestamp() + make_interval(secs => {}) $$"
            ).format(sql.Literal(ahead.total_seconds()))
        )
        connection.execute(sql.SQL("ALTER DATABASE {} SET search_path = skewed, pg_catalog, public").format(name))
