"""What a map says of a database, and a login with hardly any rights there."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from retention.verification.coverage.claims import Claims


def claims(
    *declared: str, mapped: tuple[str, ...] = (), kept: dict[str, set[str]] | None = None, **columns: Any
) -> Claims:
    made = Claims(
        declared={f"public.{name}" for name in declared}, kept={f"public.{k}": v for k, v in (kept or {}).items()}
    )
    for name in (*mapped, *(kept or {})):
        made.note("a_place", f"public.{name}")
    made.declared_columns = {f"public.{name}": set(names) for name, names in columns.items()}
    return made


class someone:  # noqa: N801  # reads as a word in `with someone(session)`
    """The session as a role with no rights but those granted here."""

    def __init__(self, session: psycopg.Connection[Any], grant: str = "") -> None:
        self._session, self._grant = session, grant

    def __enter__(self) -> None:
        self._role = f"someone_{id(self)}"
        self._session.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(self._role)))
        if self._grant:
            self._session.execute(self._grant.format(role=self._role))  # type: ignore[call-overload]
        self._session.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(self._role)))

    def __exit__(self, *_: object) -> None:
        self._session.execute("RESET ROLE")
        self._session.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(self._role)))
