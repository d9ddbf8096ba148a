"""The data map from YAML: one file per system, all problems named with file and line."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from retention.datamap.model import NotPersonal, S3Place, SourceConnection, SystemMap
from retention.documents import Document, read_document
from retention.errors import DataMapError, Problem


@dataclass(frozen=True, slots=True)
class MappedPlace:
    """One place with its connections resolved to names and its SQL read from the files that the map names."""

    name: str
    spec: S3Place
    store: SourceConnection
    facts: SourceConnection
    items_sql: str
    consents_sql: str | None
    check_items_sql: str
    check_consents_sql: str | None


@dataclass(frozen=True, slots=True)
class DataMap:
    """All places of all systems. `digest` covers the YAML files and every SQL file that they name."""

    places: dict[str, MappedPlace]
    connections: dict[str, SourceConnection]
    not_personal: tuple[NotPersonal, ...]
    digest: str

    def of_category(self, category: str) -> tuple[MappedPlace, ...]:
        """The category's places; raises DataMapError where there is none: nothing mapped is not nothing there."""
        places = tuple(place for place in self.places.values() if place.spec.category == category)
        if not places:
            found = f"no place for category {category!r}"
            raise DataMapError([Problem("datamap", 1, "no_place", found, "at least one place of this category")])
        return places


def load_datamap(folder: Path) -> DataMap:
    """Read every YAML file of `folder`. Raises DataMapError with all problems found at once."""
    documents = [read_document(path, DataMapError) for path in sorted(folder.glob("*.yaml"))]
    if not documents:
        raise DataMapError([Problem(str(folder), 1, "no_map", "no file", "one YAML file per system")])
    problems: list[Problem] = []
    places: dict[str, MappedPlace] = {}
    connections: dict[str, SourceConnection] = {}
    not_personal: list[NotPersonal] = []
    hashes: list[bytes] = []
    for document in documents:
        try:
            system = document.build(SystemMap, DataMapError)
        except DataMapError as error:
            problems += error.problems
            continue
        hashes.append(hashlib.sha256(document.raw).digest())
        problems += _twice(document, "places", places, system.places) + _twice(
            document, "connections", connections, system.connections
        )
        connections |= system.connections
        not_personal += system.not_personal
        for name, spec in system.places.items():
            try:
                places[name] = _read_place(document, system, name, spec)
            except DataMapError as error:
                problems += error.problems
    problems += _overlapping(documents, places)
    if problems:
        raise DataMapError(problems)
    sql = "\0".join(
        text or ""
        for place in places.values()
        for text in (place.items_sql, place.consents_sql, place.check_items_sql, place.check_consents_sql)
    )
    hashes.append(hashlib.sha256(sql.encode()).digest())
    return DataMap(places, connections, tuple(not_personal), hashlib.sha256(b"".join(hashes)).hexdigest())


def _twice(document: Document, section: str, known: dict[str, object] | object, new: object) -> list[Problem]:
    assert isinstance(known, dict) and isinstance(new, dict)
    return [
        document.problem((section, name), "named_twice", repr(name), f"a name that no other file uses in {section}")
        for name in new
        if name in known
    ]


def _read_place(document: Document, system: SystemMap, name: str, spec: S3Place) -> MappedPlace:
    def read(key: str) -> str | None:
        relative = getattr(spec.facts, key)
        if relative is None:
            return None
        try:
            text = (document.path.parent / relative).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            found = f"{relative}, which can't be read"
            path = ("places", name, "facts", key)
            raise DataMapError([document.problem(path, "no_sql", found, "an SQL file beside the map")]) from None
        return text.strip().rstrip(";")

    if spec.facts.items == spec.facts.check_items:
        path = ("places", name, "facts", "check_items")
        found = "the SQL that disposal uses"
        raise DataMapError(
            [document.problem(path, "shared_sql", found, "a file written apart, so that it can disagree")]
        )
    return MappedPlace(
        name,
        spec,
        system.connections[spec.connection],
        system.connections[spec.facts.connection],
        items_sql=read("items") or "",
        consents_sql=read("consents"),
        check_items_sql=read("check_items") or "",
        check_consents_sql=read("check_consents"),
    )


def _overlapping(documents: list[Document], places: dict[str, MappedPlace]) -> list[Problem]:
    """Two places must not claim the same keys: an object would then have two rules."""
    claims = [(place, prefix) for place in places.values() for prefix in place.spec.prefixes]
    problems = []
    for position, (one, prefix) in enumerate(claims):
        for other, other_prefix in claims[position + 1 :]:
            same_bucket = (one.spec.connection, one.spec.bucket) == (other.spec.connection, other.spec.bucket)
            if same_bucket and (prefix.startswith(other_prefix) or other_prefix.startswith(prefix)):
                document = next(d for d in documents if other.name in d.data.get("places", {}))
                found = f"prefix {other_prefix!r}, which overlaps with place {one.name!r}"
                path = ("places", other.name, "prefixes")
                problems.append(document.problem(path, "overlap", found, "prefixes that no two places share"))
    return problems
