"""The data map from YAML: one file per system, all problems named with file and line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from retention.datamap.model import (
    AirflowPlace,
    AnySpec,
    Dependent,
    ExternalPlace,
    FilesPlace,
    NotPersonal,
    PartitionedPlace,
    RowTable,
    S3Place,
    SourceConnection,
    SystemMap,
    TableFacts,
    TablePlace,
)
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


@dataclass(frozen=True, slots=True)
class MappedAirflow:
    """Airflow's own database."""

    name: str
    spec: AirflowPlace
    store: SourceConnection


@dataclass(frozen=True, slots=True)
class MappedExternal:
    """Copies that somebody else keeps; nothing of ours reaches them."""

    name: str
    spec: ExternalPlace


RowPlace = MappedPlace | MappedTable
"""A place whose items are described by rows that the map's SQL reads."""
AnyPlace = MappedPlace | MappedTable | MappedPartitions | MappedFiles | MappedAirflow | MappedExternal


@dataclass(frozen=True, slots=True)
class DataMap:
    """All places of all systems. `digest` covers the YAML files and every SQL file that they name."""

    places: dict[str, AnyPlace]
    connections: dict[str, SourceConnection]
    not_personal: tuple[NotPersonal, ...]
    digest: str

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
    problems += _named_twice(systems) + _shared_identities(systems) + _overlapping(systems)
    places: dict[str, AnyPlace] = {}
    for document, system in systems:
        for name, spec in system.places.items():
            places[name], unread = _map_place(document, system, name, spec)
            problems += unread
    if problems:
        raise DataMapError(problems)
    connections = {name: source for _, system in systems for name, source in system.connections.items()}
    declared = tuple(entry for _, system in systems for entry in system.not_personal)
    return DataMap(places, connections, declared, _digest(documents, places))


def _map_place(document: Document, system: SystemMap, name: str, spec: AnySpec) -> tuple[AnyPlace, list[Problem]]:
    if isinstance(spec, ExternalPlace):
        return MappedExternal(name, spec), []
    store = system.connections[spec.connection]
    if isinstance(spec, PartitionedPlace):
        return MappedPartitions(name, spec, store), []
    if isinstance(spec, FilesPlace):
        return MappedFiles(name, spec, store), []
    if isinstance(spec, AirflowPlace):
        return MappedAirflow(name, spec, store), []
    texts, problems = _read_sql(document, name, spec.facts)
    sql = (
        *(texts["items"] or "", texts["consents"]),
        *(texts["check_items"] or "", texts["check_consents"], texts["check_requests"]),
    )
    if isinstance(spec, TablePlace):
        return MappedTable(name, spec, store, *sql), problems
    facts = system.connections[spec.facts.connection] if spec.facts is not None else None
    return MappedPlace(name, spec, store, facts, *sql), problems


_SQL_KEYS = ("items", "consents", "check_items", "check_consents", "check_requests")


def _digest(documents: list[Document], places: dict[str, AnyPlace]) -> str:
    sql = "\0".join(
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


def _named_twice(systems: list[tuple[Document, SystemMap]]) -> list[Problem]:
    problems = []
    for section in ("connections", "places"):
        seen: dict[str, Document] = {}
        for document, system in systems:
            for name in getattr(system, section):
                if name in seen:
                    found, expected = (
                        f"{name!r}, which {seen[name].path.name} uses too",
                        f"names in {section} that differ",
                    )
                    problems.append(document.problem((section, name), "named_twice", found, expected))
                seen.setdefault(name, document)
    return problems


def _shared_identities(systems: list[tuple[Document, SystemMap]]) -> list[Problem]:
    """No identity may delete at one source and prove at another: whoever can delete must not be who proves."""
    disposal = {source.disposal for _, system in systems for source in system.connections.values()}
    return [
        document.problem(
            ("connections", name, "verification"),
            "shared_identity",
            f"{source.verification!r}, which disposal uses too",
            "an identity that verification alone uses",
        )
        for document, system in systems
        for name, source in system.connections.items()
        if source.verification in disposal
    ]


def _read_sql(document: Document, name: str, facts: TableFacts | None) -> tuple[dict[str, str | None], list[Problem]]:
    """The SQL that the place names, by the key that names it; None where none is named."""
    texts: dict[str, str | None] = dict.fromkeys(_SQL_KEYS)
    problems: list[Problem] = []
    for key in _SQL_KEYS:
        relative = getattr(facts, key, None)
        if relative is None:
            continue
        try:
            text = (document.path.parent / relative).read_text(encoding="utf-8-sig").strip().rstrip(";").rstrip()
        except (OSError, UnicodeDecodeError):
            text = None
        if text is None or not _essence(text):
            found = f"{key}: {relative}, which {'can not be read' if text is None else 'holds no SQL'}"
            problems.append(
                document.problem(("places", name, "facts", key), "no_sql", found, "an SQL file beside the map")
            )
        texts[key] = text
    return texts, problems + _shared_sql(document, name, texts)


def _shared_sql(document: Document, name: str, texts: dict[str, str | None]) -> list[Problem]:
    """Disposal and verification must not rest on the same SQL, in one file or in two."""
    return [
        document.problem(
            ("places", name, "facts", check),
            "shared_sql",
            f"{check}: the same SQL that disposal uses",
            "SQL written apart from it, so that the two can disagree",
        )
        for own, check in (("items", "check_items"), ("consents", "check_consents"))
        if texts[own] and _essence(texts[own]) == _essence(texts[check])
    ]


def _essence(sql: str | None) -> str:
    """SQL without comments and line breaks: a copy with another heading is still a copy."""
    return " ".join(re.sub(r"--[^\n]*", "", sql or "").split()).casefold()


def _overlapping(systems: list[tuple[Document, SystemMap]]) -> list[Problem]:
    """Two places must not claim the same keys, nor the same table: each item would then have two rules, or a rule and a
    declaration."""
    claims = list(_claims(systems))
    problems = []
    for position, one in enumerate(claims):
        for other in claims[position + 1 :]:
            if one.overlaps(other):
                found = f"{other.what()}, which overlaps with {one.what()} of {one.owner}"
                problems.append(other.document.problem(other.path, "overlap", found, "keys that nothing else claims"))
    return problems + _tables_twice(systems)


def _tables_twice(systems: list[tuple[Document, SystemMap]]) -> list[Problem]:
    """A table belongs to one place, as its items, as a part of them, or as a declaration; rows of objects to their place."""
    problems: list[Problem] = []
    owners: dict[tuple[str, str], str] = {}
    for document, path, owner, identity, table in _table_claims(systems):
        other = owners.setdefault((identity, table), owner)
        if other != owner:
            found = f"table {table}, which {other} has, too"
            problems.append(document.problem(path, "overlap", found, "a table that nothing else claims"))
    return problems


_TableClaim = tuple[Document, tuple[str | int, ...], str, str, str]


def _table_claims(systems: list[tuple[Document, SystemMap]]) -> Iterator[_TableClaim]:
    for document, system in systems:
        for name, spec in system.places.items():
            if isinstance(spec, TablePlace | PartitionedPlace):
                identity = system.connections[spec.connection].disposal
                yield document, ("places", name, "table"), f"place {name!r}", identity, spec.table
                for dependent in all_dependents(spec) if isinstance(spec, TablePlace) else ():
                    path = ("places", name, "dependents")
                    yield document, path, f"place {name!r}", identity, dependent.table
    for document, system in systems:
        for position, entry in enumerate(system.not_personal):
            if entry.table is not None and not entry.columns:
                identity = system.connections[entry.connection].disposal
                yield document, ("not_personal", position, "table"), "a declaration", identity, entry.table


def all_dependents(spec: TablePlace) -> list[Dependent]:
    """Everything that belongs to the place's rows, each before what it belongs to."""
    return [one for dependent in spec.dependents for one in _with_its_own(dependent)]


def _with_its_own(dependent: Dependent) -> list[Dependent]:
    return [*(one for inner in dependent.dependents for one in _with_its_own(inner)), dependent]


def _claims(systems: list[tuple[Document, SystemMap]]) -> Iterator[_Claim]:
    """Everything that is claimed; places first, so that a declaration is what overlaps."""
    for document, system in systems:
        for name, spec in system.places.items():
            if not isinstance(spec, S3Place):
                continue
            identity = system.connections[spec.connection].disposal
            for position, prefix in enumerate(spec.prefixes):
                path = ("places", name, "prefixes", position)
                yield _Claim(document, path, f"place {name!r}", identity, spec.bucket, prefix)
    for document, system in systems:
        for position, entry in enumerate(system.not_personal):
            if entry.bucket is None:
                continue
            identity = system.connections[entry.connection].disposal
            yield _Claim(
                document, ("not_personal", position), "a declaration", identity, entry.bucket, entry.prefix or ""
            )


class _Claim(NamedTuple):
    """Keys of one bucket that a place or a declaration speaks for; an empty prefix means all of them.

    Two files can't share a connection's name; the identity behind it tells whether they mean the same store.
    """

    document: Document
    path: tuple[str | int, ...]
    owner: str
    identity: str
    bucket: str
    prefix: str

    def overlaps(self, other: _Claim) -> bool:
        """Whether a key can belong to both."""
        same_bucket = (self.identity, self.bucket) == (other.identity, other.bucket)
        return same_bucket and (self.prefix.startswith(other.prefix) or other.prefix.startswith(self.prefix))

    def what(self) -> str:
        """The claim in words."""
        return f"prefix {self.prefix!r}" if self.prefix else "the whole bucket"
