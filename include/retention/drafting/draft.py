"""Sorts a database's tables into places, parts of places, and what may hold no personal data: a proposal, nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from retention.drafting.schema import Reference, Table

_EMPTIED = ("table", "partitioned table")
"""What a place can be: rows of a view or of another server's table go where they come from."""


@dataclass(slots=True)
class Part:
    """A table whose rows belong to a place's rows, by this reference."""

    table: Table
    by: Reference
    parts: list[Part] = field(default_factory=list)


@dataclass(slots=True)
class ProposedPlace:
    """A table that looks like a place of its own. `others` are its references to further tables that hold personal data."""

    name: str
    table: Table
    parts: list[Part] = field(default_factory=list)
    others: list[Reference] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """`places` hold or lead to persons; of the `rest` no name and no sample says so, or it can't be a place."""

    places: list[ProposedPlace] = field(default_factory=list)
    rest: list[Table] = field(default_factory=list)


def propose(tables: Mapping[str, Table]) -> Draft:
    """A table with personal columns is a place. One that refers to such a table is about the same persons: a part of it where it
    refers to nothing else of the kind, else a place of its own."""
    nameable = {name: table for name, table in tables.items() if table.can_be_named}
    draft = Draft()
    about_persons = _about_persons(nameable)
    leading = {name: _leading(nameable[name], about_persons) for name in about_persons}
    owned = {name: found[0] for name, found in leading.items() if _is_part(nameable[name], found, nameable)}
    _break_circles(owned)
    names: set[str] = set()
    for name in sorted(about_persons - owned.keys()):
        place = ProposedPlace(_place_name(nameable[name], names), nameable[name], others=leading[name])
        place.parts = _parts_of(name, owned, nameable)
        draft.places.append(place)
    draft.rest = [table for name, table in sorted(tables.items()) if name not in about_persons]
    return draft


def _about_persons(tables: Mapping[str, Table]) -> set[str]:
    """Tables with personal columns that can be emptied, and all that refer to them, directly or not."""
    found = {name for name, table in tables.items() if table.personal and table.words in _EMPTIED}
    while more := {
        name
        for name, table in tables.items()
        if name not in found and any(ref.table in found for ref in table.references)
    }:
        found |= more
    return found


def _leading(table: Table, about_persons: set[str]) -> list[Reference]:
    return [ref for ref in table.references if ref.table in about_persons and ref.table != table.name]


def _is_part(table: Table, leading: list[Reference], tables: Mapping[str, Table]) -> bool:
    """Its rows go with the one row that they refer to by its key: nothing of it is personal by itself."""
    return (
        not table.personal
        and len(leading) == 1
        and leading[0].valid
        and tables[leading[0].table].id_column == leading[0].to_column
        and table.partitioned_by is None
    )


def _break_circles(owned: dict[str, Reference]) -> None:
    """Tables that refer to each other in a circle: one of them becomes a place."""
    for start in sorted(owned):
        seen, at = {start}, owned[start].table if start in owned else start
        while at in owned and at not in seen:
            seen.add(at)
            at = owned[at].table
        if at == start and start in owned:
            del owned[start]


def _parts_of(name: str, owned: Mapping[str, Reference], tables: Mapping[str, Table]) -> list[Part]:
    return [
        Part(tables[child], ref, _parts_of(child, owned, tables))
        for child, ref in sorted(owned.items())
        if ref.table == name
    ]


def _place_name(table: Table, taken: set[str]) -> str:
    """The table's own name; with its schema where two have the same."""
    schema, _dot, plain = table.name.partition(".")
    name = plain.lstrip("_") or "place"
    name = name if name not in taken and not name[0].isdigit() else f"{schema.lstrip('_')}_{plain}"
    taken.add(name)
    return name
