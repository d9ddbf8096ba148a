"""The fixed columns that a data map's SQL returns, checked against the real database before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from retention.datamap.loader import MappedPlace
from retention.errors import DataMapError, Problem, StoreUnreadable
from retention.policy.model import RetentionRule

_NAMES = {16: "boolean", 25: "text", 1043: "text", 1184: "timestamptz"}
_ITEM = {"item_id": "text", "bucket": "text", "object_key": "text", "tenant_id": "text", "person_id": "text"}
_FLAGS = ("restricted", "person_known")
_CONSENT = {
    "item_id": "text",
    "bucket": "text",
    "object_key": "text",
    "party": "text",
    "scope": "text",
    "given_at": "timestamptz",
    "recorded_at": "timestamptz",
    "ends_at": "timestamptz",
    "withdrawn_at": "timestamptz",
    "reviewed_at": "timestamptz",
}


@dataclass(frozen=True, slots=True)
class FactColumns:
    """The columns that the items' SQL really has, by name, with their types' names."""

    types: Mapping[str, str]

    def happened(self, event: str) -> sql.Composable:
        """SQL that is TRUE when the event happened: its own column, else whether its time is there."""
        if f"happened_{event}" in self.types:
            return sql.SQL("coalesce({}, FALSE)").format(sql.Identifier(f"happened_{event}"))
        if f"start_{event}" in self.types:
            return sql.SQL("({} IS NOT NULL)").format(sql.Identifier(f"start_{event}"))
        return sql.SQL("FALSE")

    def person_known(self) -> sql.Composable:
        """SQL that is TRUE where a missing person means "nobody", and FALSE where it means "could be anybody"."""
        return sql.SQL("coalesce(person_known, FALSE)") if "person_known" in self.types else sql.SQL("TRUE")

    def restricted(self) -> sql.Composable:
        """SQL that is TRUE for items under restriction (Art. 18)."""
        return sql.SQL("coalesce(restricted, FALSE)") if "restricted" in self.types else sql.SQL("FALSE")


def read_columns(source: psycopg.Connection[Any], place: MappedPlace, rule: RetentionRule) -> FactColumns:
    """Ask the database what the place's SQL returns, and hold it against what the rule needs.

    Raises DataMapError for SQL that fails (a missing table or column, a missing right), a missing column or a wrong type.
    """
    wanted = _ITEM | {"evidence_at": "timestamptz"} | {f"start_{event}": "timestamptz" for event in rule.events}
    minimum = rule.versions[-1].minimum
    if minimum is not None:
        wanted |= {f"start_{minimum.event}": "timestamptz", f"happened_{minimum.release}": "boolean"}
    types = _describe(source, place, str(place.sql_files.items), place.items_sql)
    optional = {name: "boolean" for name in types if name.startswith("happened_") or name in _FLAGS}
    problems = _compare(str(place.sql_files.items), types, wanted | optional)
    if place.consents_sql is not None:
        file = str(place.sql_files.consents)
        problems += _compare(file, _describe(source, place, file, place.consents_sql), _CONSENT)
    elif any(version.exemption is not None for version in rule.versions):
        found = f"place {place.name!r} without `consents`"
        expected = "the SQL file that reads the consents the rule asks for; `policy check` names file and line"
        problems.append(Problem("datamap", 1, "no_consents", found, expected))
    if problems:
        raise DataMapError(problems)
    # Whatever else the SQL returns is not looked at, so that no name of it can meet one of ours.
    return FactColumns({name: kind for name, kind in types.items() if name in wanted | optional})


def _describe(source: psycopg.Connection[Any], place: MappedPlace, file: str, text: str) -> dict[str, str]:
    try:
        with source.transaction():
            cursor = source.execute(sql.SQL("SELECT * FROM ({}\n) AS facts LIMIT 0").format(sql.SQL(text)))
    except psycopg.Error as error:
        if not (error.sqlstate or "").startswith(
            "42"
        ):  # 42: the SQL names what isn't there, or what isn't ours to read
            raise StoreUnreadable(
                f"place {place.name!r}: its facts could not be read (SQLSTATE {error.sqlstate}); expected the database to "
                "answer. Nothing was deleted; try again."
            ) from None
        # The message of a failed SELECT … LIMIT 0 names tables and columns, never a row's values.
        found = f"SQL that fails for place {place.name!r}: {str(error).splitlines()[0]} (SQLSTATE {error.sqlstate})"
        raise DataMapError(
            [Problem(file, 1, "sql_fails", found, "tables, columns and rights as the file names them")]
        ) from None
    return {
        column.name: _NAMES.get(column.type_code, f"type {column.type_code}") for column in cursor.description or ()
    }


def _compare(file: str, found: Mapping[str, str], wanted: Mapping[str, str]) -> list[Problem]:
    missing = [
        Problem(file, 1, "missing_column", f"no column {name!r}", f"{name} {kind}")
        for name, kind in wanted.items()
        if name not in found
    ]
    wrong = [
        Problem(file, 1, "wrong_type", f"{name} {found[name]}", f"{name} {kind}")
        for name, kind in wanted.items()
        if name in found and found[name] != kind
    ]
    return missing + wrong
