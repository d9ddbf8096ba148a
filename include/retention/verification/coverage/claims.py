"""What the data map says about one database: which tables its places have, and what somebody declared free of personal data."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from retention.datamap.dependents import all_dependents
from retention.datamap.loader import (
    DataMap,
    MappedAirflow,
    MappedPartitions,
    MappedPlace,
    MappedTable,
)
from retention.datamap.system_map import NotPersonal
from retention.policy.periods import BERLIN

A_DAY_AHEAD = timedelta(days=1)
OLD_AFTER_YEARS = 2


@dataclass(slots=True)
class Claims:
    """Tables by schema and name. `places` gives for each mapped table the places that name it, with the columns that they name.

    `kept` are tables whose rows stay and lose their personal columns (`anonymise`): every other column of them stays, too.
    `identified`: tables whose identifiers the suppression list needs: the place, and the columns that it names.
    `partitioned` are tables of which the check of their own place finds partitions that were left beside them.
    """

    places: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    kept: dict[str, set[str]] = field(default_factory=dict)
    identified: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    partitioned: set[str] = field(default_factory=set)
    declared: set[str] = field(default_factory=set)
    declared_columns: dict[str, set[str]] = field(default_factory=dict)
    has_airflow: bool = False

    def is_mapped(self, table: str) -> bool:
        """Whether a place has this table."""
        return table in self.places

    def note(self, place: str, table: str, *columns: str | None) -> None:
        """A place names this table and these columns of it."""
        self.places.setdefault(table, {}).setdefault(place, set()).update(name for name in columns if name is not None)


def claims_on(datamap: DataMap, connections: Collection[str], as_of: datetime) -> Claims:
    """What the map says of the database that these connections of it lead to.

    A declaration of a day that lies ahead declares nothing: it would not grow old for as long.
    """
    claims = Claims()
    for place in datamap.places.values():
        if isinstance(place, MappedTable) and place.spec.connection in connections:
            _note_table(claims, place)
        elif isinstance(place, MappedPartitions) and place.spec.connection in connections:
            spec = place.spec
            claims.note(place.name, spec.table, spec.time_column, spec.evidence_column, spec.id_column)
            claims.partitioned.add(spec.table)
        elif isinstance(place, MappedAirflow) and place.spec.connection in connections:
            claims.has_airflow = True
        elif isinstance(place, MappedPlace) and place.row is not None and _facts(place) in connections:
            row = place.row
            claims.note(place.name, row.table, row.id_column, row.bucket_column, row.key_column)
    for entry in datamap.not_personal:
        if entry.table is None or entry.connection not in connections or lies_ahead(entry, as_of):
            continue
        if entry.columns:
            claims.declared_columns.setdefault(entry.table, set()).update(entry.columns)
        else:
            claims.declared.add(entry.table)
    return claims


def _note_table(claims: Claims, place: MappedTable) -> None:
    spec = place.spec
    claims.note(place.name, spec.table, spec.id_column, *spec.anonymise, *spec.identifiers)
    for dependent in all_dependents(spec):
        claims.note(place.name, dependent.table, dependent.column, dependent.id_column)
    if spec.identifiers:
        claims.identified[spec.table] = place.name, frozenset(spec.identifiers)
    if spec.anonymise:
        claims.kept[spec.table] = set(spec.anonymise)


def _facts(place: MappedPlace) -> str | None:
    return place.spec.facts.connection if place.spec.facts is not None else None


def lies_ahead(entry: NotPersonal, as_of: datetime) -> bool:
    """Whether it is dated in the future; a day is given for time zones."""
    return entry.declared_on > (as_of + A_DAY_AHEAD).astimezone(BERLIN).date()


def is_old(entry: NotPersonal, as_of: datetime) -> bool:
    """Whether the declaration was made two years ago, or earlier: somebody should look at it again."""
    today = as_of.astimezone(BERLIN).date()
    made = entry.declared_on
    return (made.year + OLD_AFTER_YEARS, made.month, made.day) <= (today.year, today.month, today.day)


def old_or_ahead(datamap: DataMap, as_of: datetime) -> Iterator[tuple[NotPersonal, str]]:
    """Declarations that somebody should look at again, and why."""
    for entry in datamap.not_personal:
        if lies_ahead(entry, as_of):
            yield entry, "day_lies_ahead"
        elif is_old(entry, as_of):
            yield entry, "older_than_2_years"
