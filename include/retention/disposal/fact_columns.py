"""The fixed columns that a data map's SQL returns, checked against the real database before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from retention.datamap.loader import MappedPlace, MappedTable, RowPlace
from retention.disposal.replacements import anonymised_types
from retention.errors import DataMapError, Problem, StoreUnreadable
from retention.policy.model import RetentionRule
from retention.stores.column_types import UNCUT

_NAMES = {16: "boolean", 20: "bigint", 25: "text", 1043: "text", 1184: "timestamptz"}
_ITEM = {"tenant_id": "text", "person_id": "text"}
_OBJECT = {"item_id": "text", "bucket": "text", "object_key": "text"}
SUPPRESSED = "suppressed"
SUPPRESSED_AT = f"start_{SUPPRESSED}"
"""The event that no SQL returns: an import brought somebody back who is on the suppression list."""
PART_OF = "part_of"
"""The partition that a row stands in, by its name: a hold on that is one on the row. No SQL of the data map returns it."""
_FLAGS = ("restricted", "person_known", "waits")
WAITS_FOR = "waits_for_"
"""Before a place's name: how many of its items have to go first."""
_ANY_ID = "any id type"
_OPTIONAL = {
    "duty_paragraph": "text",
    "duty_until": "timestamptz",
    "proven_consent_at": "timestamptz",
    "last_withdrawn_at": "timestamptz",
}
_CONSENT = {
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
    """The columns that the items' SQL really has, by name, with their types' names. `id_type` is that of `item_id` as SQL writes
    it, so that ids can be asked for without a cast of the column, which would keep its index from helping."""

    types: Mapping[str, str]
    id_type: str = "text"
    anonymised_types: Mapping[str, str] = field(default_factory=dict)
    """The types of the columns that are anonymised, as SQL writes them, without their limits."""
    waits_for: tuple[str, ...] = ()
    """Columns that count what an item waits for. They are read of single items alone: to count for all would take long."""
    selections: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    """What `retention.disposal.selection` has written for these columns."""

    def states(self, event: str) -> bool:
        """Whether the source says in a column of its own that the event happened."""
        return f"happened_{event}" in self.types

    def happened(self, event: str) -> sql.Composable:
        """SQL that is TRUE when the event happened: its own column, else whether its time is there."""
        if self.states(event):
            return sql.SQL("coalesce({}, FALSE)").format(sql.Identifier(f"happened_{event}"))
        if f"start_{event}" in self.types:
            return sql.SQL("({} IS NOT NULL)").format(sql.Identifier(f"start_{event}"))
        return sql.SQL("FALSE")

    @property
    def names(self) -> list[str]:
        """The columns by which a hold may name an item."""
        return ["item_id", "object_key", *([PART_OF] if PART_OF in self.types else [])]

    def person_known(self) -> sql.Composable:
        """SQL that is TRUE where a missing person means "nobody", and FALSE where it means "could be anybody"."""
        return sql.SQL("coalesce(person_known, FALSE)") if "person_known" in self.types else sql.SQL("TRUE")

    def waits(self) -> sql.Composable:
        """SQL that is TRUE where something else has to go first."""
        return sql.SQL("coalesce(waits, FALSE)") if "waits" in self.types else sql.SQL("FALSE")

    def duty(self) -> sql.Composable:
        """SQL that is TRUE where a statutory duty is flagged, with its paragraph; without one it is none."""
        return (
            sql.SQL("(nullif(trim(duty_paragraph), '') IS NOT NULL)")
            if "duty_paragraph" in self.types
            else sql.SQL("FALSE")
        )

    def duty_until(self) -> sql.Composable:
        """The end of the flagged duty, NULL where nobody said or none is flagged."""
        return sql.SQL("duty_until") if "duty_until" in self.types else sql.SQL("NULL::timestamptz")

    def last_withdrawn(self) -> sql.Composable:
        """The latest withdrawal that the source knows, answered or not; NULL where it has no words for it."""
        return sql.SQL("last_withdrawn_at" if "last_withdrawn_at" in self.types else "NULL::timestamptz")

    @property
    def may_have_been_kept(self) -> bool:
        """Whether something can have kept the items of which the source doesn't say when it ended."""
        return not {"restricted", "waits"}.isdisjoint(self.types)

    def restricted(self) -> sql.Composable:
        """SQL that is TRUE for items under restriction (Art. 18)."""
        return sql.SQL("coalesce(restricted, FALSE)") if "restricted" in self.types else sql.SQL("FALSE")


def read_columns(source: psycopg.Connection[Any], place: RowPlace, rule: RetentionRule) -> FactColumns:
    """Ask the database what the place's SQL returns, and hold it against what the rule needs.

    Raises DataMapError for SQL that fails (a missing table or column, a missing right), a missing column or a wrong type.
    """
    ids = _OBJECT if isinstance(place, MappedPlace) else {"item_id": _ANY_ID}
    wanted = ids | _ITEM | {"evidence_at": "timestamptz"} | {f"start_{event}": "timestamptz" for event in rule.events}
    if isinstance(place, MappedTable) and place.spec.identifiers:
        wanted.pop(SUPPRESSED_AT, None)  # read from the suppression list
    minimum = rule.versions[-1].minimum
    if minimum is not None:
        wanted |= {f"start_{minimum.event}": "timestamptz", f"happened_{minimum.release}": "boolean"}
    types, id_type = _describe(source, place, str(place.sql_files.items), place.items_sql)
    optional = {name: "boolean" for name in types if name.startswith("happened_") or name in _FLAGS}
    optional |= {name: kind for name, kind in _OPTIONAL.items() if name in types}
    waits_for = {name: "bigint" for name in types if name.startswith(WAITS_FOR)}
    wanted |= {"waits": "boolean"} if waits_for else {}
    problems = _compare(str(place.sql_files.items), types, wanted | optional | waits_for)
    if place.consents_sql is not None:
        file = str(place.sql_files.consents)
        problems += _compare(file, _describe(source, place, file, place.consents_sql)[0], ids | _CONSENT)
    elif any(version.exemption is not None for version in rule.versions):
        found = f"place {place.name!r} without `consents`"
        expected = "the SQL file that reads the consents the rule asks for; `policy check` names file and line"
        problems.append(Problem("datamap", 1, "no_consents", found, expected))
    if problems:
        raise DataMapError(problems)
    # Whatever else the SQL returns is not looked at, so that no name of it can meet one of ours.
    known = {name: kind for name, kind in types.items() if name in wanted | optional}
    if SUPPRESSED in rule.events:
        known[SUPPRESSED_AT] = "timestamptz"
    return FactColumns(known, id_type, anonymised_types(source, place, rule), tuple(waits_for))


_ID_TYPE = sql.SQL("SELECT {} AS written").format(sql.SQL(UNCUT.format(oid="%s")))


def _describe(source: psycopg.Connection[Any], place: RowPlace, file: str, text: str) -> tuple[dict[str, str], str]:
    """The columns' types by name, and the type of `item_id` as SQL writes it."""
    try:
        with source.transaction():
            cursor = source.execute(sql.SQL("SELECT * FROM ({}\n) AS facts LIMIT 0").format(sql.SQL(text)))
    except psycopg.Error as error:
        # 42: the SQL names what isn't there, or what isn't ours to read.
        if not (error.sqlstate or "").startswith("42"):
            raise StoreUnreadable(
                f"place {place.name!r}: its facts could not be read (SQLSTATE {error.sqlstate}); expected the database to "
                "answer. Nothing was deleted; try again."
            ) from None
        # The message of a failed SELECT … LIMIT 0 names tables and columns, never a row's values.
        found = f"SQL that fails for place {place.name!r}: {str(error).splitlines()[0]} (SQLSTATE {error.sqlstate})"
        expected = "tables and columns as the file names them"
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            expected = f"that the role may read it: GRANT SELECT ON … TO {source.info.user}"
        raise DataMapError([Problem(file, 1, "sql_fails", found, expected)]) from None
    codes = {column.name: column.type_code for column in cursor.description or ()}
    id_type = source.execute(_ID_TYPE, (codes.get("item_id", 25),)).fetchone()
    assert id_type is not None  # a SELECT without FROM gives one row
    return {name: _NAMES.get(code, f"type {code}") for name, code in codes.items()}, str(id_type["written"])


def _compare(file: str, found: Mapping[str, str], wanted: Mapping[str, str]) -> list[Problem]:
    missing = [
        Problem(file, 1, "missing_column", f"no column {name!r}", f"{name} {kind}")
        for name, kind in wanted.items()
        if name not in found
    ]
    wrong = [
        Problem(file, 1, "wrong_type", f"{name} {found[name]}", f"{name} {kind}")
        for name, kind in wanted.items()
        if name in found and kind not in (found[name], _ANY_ID)
    ]
    return missing + wrong
