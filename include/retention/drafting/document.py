"""The draft as YAML. What somebody must decide has no value, which the loader refuses with file and line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from retention.drafting.draft import Draft, Part, ProposedPlace
from retention.drafting.schema import Reference, Table

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_WORDS_OF_YAML = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})

_HEAD = """\
# First draft of a data map, from the live schema of connection {connection}. Not in force: each key without a value is a decision
# to take, and `python -m retention policy check` refuses the file, line by line, until all are taken.
#   - A place is what one retention rule deletes: its rows, and with them the rows of its dependents. A place can become a
#     dependent of another, and the other way round. What each key means: docs/data-map.md.
#   - What looks personal does so by a column's name, or by a sample of what it holds; where the connection may not read, by name
#     alone. What does not look so may be personal all the same.
#   - `facts` name SQL that says whose each row is and what starts its limit. The draft of `items` is for whoever writes
#     disposal's side; `check_items` is written by somebody else, apart.
system: {system}
owner:  # TODO: the role that answers for the system
connections:
  {connection}: {{kind: postgres, disposal: {connection}, verification: {connection}_verify}}
"""


def render(connection: str, draft: Draft) -> str:
    """The YAML document."""
    lines = _HEAD.format(connection=connection, system=_scalar(connection.replace("_", "-"))).splitlines()
    if draft.places:
        lines += ["places:"]
    else:
        lines += ["places:  # TODO: nothing looks personal; a map needs one place at least"]
    for place in draft.places:
        lines += _place(connection, place)
    if draft.rest:
        lines += ["not_personal:"]
    for table in draft.rest:
        lines += _declaration(connection, table)
    return "\n".join(lines) + "\n"


def _place(connection: str, place: ProposedPlace) -> Iterator[str]:
    table = place.table
    yield ""
    yield from (f"  # {note}" for note in _notes(table))
    for ref in place.others:
        yield f"  # Refers to {ref.table} by {ref.column}: its rows go before those."
    yield f"  {place.name}:"
    yield f"    kind: {'partitions' if table.time_range else 'table'}"
    yield "    category:  # TODO: the data category; a rule of that name must be in the policies"
    yield "    role:  # TODO: controller or processor"
    yield "    owner:  # TODO: the role that answers for the place"
    yield f"    connection: {connection}"
    yield f"    table: {_scalar(table.name)}"
    if table.time_range:
        yield f"    time_column: {_scalar(table.time_range)}"
        yield "    id_column:  # TODO: a column that tells rows apart"
        return
    yield (
        f"    id_column: {_scalar(table.id_column)}"
        if table.id_column
        else ("    id_column:  # TODO: it has no primary key of one column; name a unique one")
    )
    if place.parts:
        yield "    dependents:"
        yield from _parts(place.parts, indent=6)
    yield f"    facts: {{items: sql/{place.name}.sql, check_items: sql/check_{place.name}.sql}}"


def _parts(parts: Sequence[Part], indent: int) -> Iterator[str]:
    space = " " * indent
    for part in parts:
        yield from (f"{space}# {note}" for note in _notes(part.table, of=part.by))
        if not part.by.indexed:
            yield f"{space}# {part.by.column} needs an index."
        yield f"{space}- table: {_scalar(part.table.name)}"
        yield f"{space}  column: {_scalar(part.by.column)}"
        if not part.parts:
            continue
        yield f"{space}  id_column: {_scalar(part.table.id_column or '')}"
        yield f"{space}  dependents:"
        yield from _parts(part.parts, indent + 4)


def _declaration(connection: str, table: Table) -> Iterator[str]:
    yield ""
    yield from (f"  # {note}" for note in _notes(table))
    yield f"  - connection: {connection}"
    yield f"    table: {_scalar(table.name)}"
    yield "    reason:  # TODO: why there can be no personal data; else make it a place"
    yield "    owner:  # TODO: the role that answers for the declaration"
    yield "    declared_on:  # TODO: the day of the declaration"
    if table.personal:
        yield f"  # For {', '.join(table.personal)} one more entry with `columns`, if they hold nothing about persons."


def _notes(table: Table, of: Reference | None = None) -> Iterator[str]:
    """What the draft rests on, so that whoever finishes it need not look it up. Along the key `of`, its rows go first."""
    size = "number of rows not known" if table.rows is None else f"about {table.rows:,} rows"
    yield f"{table.name}: {table.words}, {size}."
    if table.personal:
        columns = [f"{name} ({', '.join(why)})" for name, why in table.personal.items()]
        yield f"Looks personal: {', '.join(columns)}."
    elif table.words == "table":
        yield "No column looks personal."
    if table.times:
        yield f"Times: {', '.join(f'{name} {table.types[name]}' for name in table.times)}."
    if not table.can_be_named:
        yield "It can be declared, and be no place: a place's schema and table are lower-case letters, digits and _."
    if table.partitioned_by is not None and not table.time_range:
        yield f"Partitioned by {table.partitioned_by}, which is no range of one timestamptz: rows go one by one."
    for ref in table.references:
        if ref.cascades and ref is not of:
            yield f"Its foreign key {ref.column} cascades: disposal of {ref.table} is refused until it doesn't."


def _scalar(text: str) -> str:
    """Text as YAML, quoted where it could be read as something else."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML else json.dumps(text)
