"""The data map from YAML: one file per system, all problems named with file and line."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from retention.datamap.claims import conflicts_of
from retention.datamap.model import (
    AirflowPlace,
    AnySpec,
    ExternalPlace,
    FilesPlace,
    PartitionedPlace,
    RowTable,
    S3Place,
    SourceConnection,
    TableFacts,
    TablePlace,
)
from retention.datamap.sql_files import read_canary_sql, read_sql
from retention.datamap.system_map import NotPersonal, SystemMap
from retention.documents import Document, read_folder
from retention.errors import DataMapError, Problem


@dataclass(frozen=True, slots=True)
class MappedPlace:
    """Objects in a bucket, with their connections resolved to names and their SQL read from the files that the map names.

    Log objects have no rows: `facts_connection` is None, and there is no SQL.
    """

    name: str
    spec: S3Place
    store: SourceConnection
    facts_connection: SourceConnection | None
    items_sql: str
    consents_sql: str | None
    check_items_sql: str
    check_consents_sql: str | None
    check_requests_sql: str | None = None

    @property
    def has_rows(self) -> bool:
        """Whether rows describe the objects; else each file's own records date it."""
        return self.facts_connection is not None

    @property
    def facts(self) -> SourceConnection:
        """The source of the rows; only for a place that has them."""
        assert self.facts_connection is not None, "log objects have no rows"
        return self.facts_connection

    @property
    def row(self) -> RowTable | None:
        """The table whose row goes with the object."""
        return self.spec.facts.row if self.spec.facts is not None else None

    @property
    def sql_files(self) -> TableFacts:
        """The files that the SQL comes from; only for a place that has rows."""
        assert self.spec.facts is not None, "log objects have no rows"
        return self.spec.facts


@dataclass(frozen=True, slots=True)
class MappedTable:
    """A table whose rows are the items, as `MappedPlace`."""

    name: str
    spec: TablePlace
    store: SourceConnection
    items_sql: str
    consents_sql: str | None
    check_items_sql: str
    check_consents_sql: str | None
    check_requests_sql: str | None = None

    @property
    def facts(self) -> SourceConnection:
        """The source of the rows: the place itself."""
        return self.store

    @property
    def sql_files(self) -> TableFacts:
        """The files that the SQL comes from."""
        return self.spec.facts


@dataclass(frozen=True, slots=True)
class MappedPartitions:
    """A log table that is partitioned by time."""

    name: str
    spec: PartitionedPlace
    store: SourceConnection

    @property
    def facts(self) -> SourceConnection:
        """The source of the rows: the place itself."""
        return self.store


@dataclass(frozen=True, slots=True)
class MappedFiles:
    """Log files under a mounted path."""

    name: str
    spec: FilesPlace
    store: SourceConnection
    system: str
    """The system in whose file it stands."""


@dataclass(frozen=True, slots=True)
class MappedAirflow:
    """Airflow's own database."""

    name: str
    spec: AirflowPlace
    store: SourceConnection
    system: str
    """The system in whose file it stands."""


@dataclass(frozen=True, slots=True)
class MappedExternal:
    """Copies that somebody else keeps; nothing of ours reaches them."""

    name: str
    spec: ExternalPlace


RowPlace = MappedPlace | MappedTable
"""A place whose items are described by rows that the map's SQL reads."""
AnyPlace = MappedPlace | MappedTable | MappedPartitions | MappedFiles | MappedAirflow | MappedExternal
OF_OTHERS = (MappedExternal, MappedAirflow)
"""Places from which no plan deletes: who keeps the copies does, or Airflow's own maintenance."""


@dataclass(frozen=True, slots=True)
class DataMap:
    """All places of all systems. `digest` covers the YAML files and every SQL file that they name.

    `canary_sql` are the INSERTs of canaries, by their place: `sql`, and `consented` for one that consents keep.
    """

    places: dict[str, AnyPlace]
    connections: dict[str, SourceConnection]
    not_personal: tuple[NotPersonal, ...]
    digest: str
    canary_sql: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def objects(self) -> dict[str, MappedPlace]:
        """The places in buckets."""
        return {name: place for name, place in self.places.items() if isinstance(place, MappedPlace)}

    def of_category(self, category: str) -> tuple[AnyPlace, ...]:
        """The category's places; raises DataMapError where there is none: nothing mapped is not nothing there."""
        places = tuple(place for place in self.places.values() if place.spec.category == category)
        if not places:
            found = f"no place for category {category!r}"
            raise DataMapError([Problem("datamap", 1, "no_place", found, "at least one place of this category")])
        return places


def load_datamap(folder: Path) -> DataMap:
    """Read every YAML file of `folder`. Raises DataMapError with all problems found at once."""
    documents, problems = read_folder(folder, DataMapError)
    if not documents and not problems:
        problems.append(Problem(str(folder), 1, "no_map", "no file", "one YAML file per system"))
    systems: list[tuple[Document, SystemMap]] = []
    for document in documents:
        try:
            systems.append((document, document.build(SystemMap, DataMapError)))
        except DataMapError as error:
            problems += error.problems
    problems += conflicts_of(systems)
    places: dict[str, AnyPlace] = {}
    canary_sql: dict[str, dict[str, str]] = {}
    for document, system in systems:
        for name, spec in system.places.items():
            places[name], unread = _map_place(document, system, name, spec)
            texts, unread_canary = read_canary_sql(document, name, spec)
            problems += unread + unread_canary
            canary_sql |= {name: texts} if texts else {}
    if problems:
        raise DataMapError(problems)
    connections = {name: source for _, system in systems for name, source in system.connections.items()}
    declared = tuple(entry for _, system in systems for entry in system.not_personal)
    return DataMap(places, connections, declared, _digest(documents, places, canary_sql), canary_sql)


def _map_place(document: Document, system: SystemMap, name: str, spec: AnySpec) -> tuple[AnyPlace, list[Problem]]:
    if isinstance(spec, ExternalPlace):
        return MappedExternal(name, spec), []
    store = system.connections[spec.connection]
    if isinstance(spec, PartitionedPlace):
        return MappedPartitions(name, spec, store), []
    if isinstance(spec, FilesPlace):
        return MappedFiles(name, spec, store, system.system), []
    if isinstance(spec, AirflowPlace):
        return MappedAirflow(name, spec, store, system.system), []
    texts, problems = read_sql(document, name, spec.facts)
    sql = (
        *(texts["items"] or "", texts["consents"]),
        *(texts["check_items"] or "", texts["check_consents"], texts["check_requests"]),
    )
    if isinstance(spec, TablePlace):
        return MappedTable(name, spec, store, *sql), problems
    facts = system.connections[spec.facts.connection] if spec.facts is not None else None
    return MappedPlace(name, spec, store, facts, *sql), problems


def _digest(documents: list[Document], places: dict[str, AnyPlace], canary_sql: dict[str, dict[str, str]]) -> str:
    sql = "\0".join(text for texts in canary_sql.values() for text in texts.values()) + "\0".join(
        text or ""
        for place in places.values()
        if isinstance(place, MappedPlace | MappedTable)
        for text in (
            *(place.items_sql, place.consents_sql),
            *(place.check_items_sql, place.check_consents_sql, place.check_requests_sql),
        )
    )
    hashes = [hashlib.sha256(document.raw).digest() for document in documents]
    return hashlib.sha256(b"".join([*hashes, hashlib.sha256(sql.encode()).digest()])).hexdigest()
