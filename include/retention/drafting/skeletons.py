"""Beginnings of the SQL files that a drafted place names. They can't run before somebody has finished them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from retention.drafting.draft import Draft, ProposedPlace
from retention.drafting.schema import Table

_TENANT = re.compile(r"(tenant|customer|client|account|organi[sz]ation|mandant|kunde)(_?(id|nr|no|uuid))?")
_STORED = re.compile(r"(created|inserted|recorded|stored|imported|added|angelegt|erstellt)(_?(at|on|am))?")
_COLUMNS = """\
--   item_id      the table's id column as it is, so that its index helps
--   tenant_id    text: the customer whose row it is
--   person_id    text: the person, for holds and requests; person_known (boolean): whether a missing one means nobody
--   start_EVENT  timestamptz for each event of the category's rule (`policy show`); happened_EVENT (boolean) where that says more
--   evidence_at  timestamptz: what else says how old the row is, such as when it was stored
-- Optional: restricted, duty_paragraph, duty_until{more}. All columns and their meaning: docs/data-map.md."""


def skeletons(draft: Draft) -> dict[str, str]:
    """The files' texts by their names below the map's folder."""
    places = [place for place in draft.places if not place.table.time_range]
    items = {f"sql/{place.name}.sql": _items(place) for place in places}
    return items | {f"sql/check_{place.name}.sql": _check(place) for place in places}


def _items(place: ProposedPlace) -> str:
    table = place.table
    tenant = next((name for name in table.types if _TENANT.fullmatch(name)), None)
    stored = next((name for name in table.times if _STORED.fullmatch(name)), None)
    return "\n".join(
        (
            f"-- Rows of {table.name} for disposal, one output row each. Replace every TODO; none of it is a column.",
            _COLUMNS.format(more=", waits (something else has to go first)"),
            *_facts(table),
            "SELECT",
            f"    item.{table.id_column or 'TODO_id'} AS item_id,",
            f"    CAST(item.{tenant or 'TODO_tenant'} AS text) AS tenant_id,",
            f"    CAST(item.{_person(place) or 'TODO_person'} AS text) AS person_id,",
            "    item.TODO_time AS start_TODO_event,",
            f"    item.{stored or 'TODO_evidence'} AS evidence_at",
            f"FROM {table.name} AS item",
            "",
        )
    )


def _check(place: ProposedPlace) -> str:
    """Comments alone: two files from one generator would share its mistakes."""
    return "\n".join(
        (
            f"-- Rows of {place.table.name} for verification, one output row each. TODO: write it without a look at",
            f"-- {place.name}.sql, best by somebody else: a wrong join must be made twice before it can hurt. Columns:",
            _COLUMNS.format(more=""),
            *_facts(place.table),
            "",
        )
    )


def _facts(table: Table) -> Iterator[str]:
    yield f"-- Columns: {', '.join(f'{name} {kind}' for name, kind in table.types.items())}."
    for ref in table.references:
        yield f"-- {ref.column} refers to {ref.table}.{ref.to_column}."


def _person(place: ProposedPlace) -> str | None:
    """Who it is about: the row itself where it has somebody's name or address, else the row that it refers to."""
    if place.table.personal:
        return place.table.id_column
    return place.others[0].column if len(place.others) == 1 else None
