"""The data map from YAML: one file per system, all problems named with file and line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from retention.datamap.model import NotPersonal, S3Place, SourceConnection, SystemMap
from retention.documents import Document, read_folder
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
    places: dict[str, MappedPlace] = {}
    for document, system in systems:
        for name, spec in system.places.items():
            texts, unread = _read_sql(document, name, spec)
            problems += unread
            places[name] = MappedPlace(
                name,
                spec,
                system.connections[spec.connection],
                system.connections[spec.facts.connection],
                items_sql=texts["items"] or "",
                consents_sql=texts["consents"],
                check_items_sql=texts["check_items"] or "",
                check_consents_sql=texts["check_consents"],
            )
    if problems:
        raise DataMapError(problems)
    connections = {name: source for _, system in systems for name, source in system.connections.items()}
    declared = tuple(entry for _, system in systems for entry in system.not_personal)
    return DataMap(places, connections, declared, _digest(documents, places))


_SQL_KEYS = ("items", "consents", "check_items", "check_consents")


def _digest(documents: list[Document], places: dict[str, MappedPlace]) -> str:
    sql = "\0".join(
        text or ""
        for place in places.values()
        for text in (place.items_sql, place.consents_sql, place.check_items_sql, place.check_consents_sql)
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


def _read_sql(document: Document, name: str, spec: S3Place) -> tuple[dict[str, str | None], list[Problem]]:
    """The SQL that the place names, by the key that names it; None where none is named."""
    texts: dict[str, str | None] = dict.fromkeys(_SQL_KEYS)
    problems: list[Problem] = []
    for key in _SQL_KEYS:
        relative = getattr(spec.facts, key)
        if relative is None:
            continue
        try:
            text = (document.path.parent / relative).read_text(encoding="utf-8-sig").strip().rstrip(";").rstrip()
        except (OSError, UnicodeDecodeError):
            text = None
        if not text:
            found = f"{key}: {relative}, which {'can not be read' if text is None else 'is empty'}"
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
    """Two places must not claim the same keys: an object would then have two rules, or a rule and a declaration."""
    claims = list(_claims(systems))
    problems = []
    for position, one in enumerate(claims):
        for other in claims[position + 1 :]:
            if one.overlaps(other):
                found = f"{other.what()}, which overlaps with {one.what()} of {one.owner}"
                problems.append(other.document.problem(other.path, "overlap", found, "keys that nothing else claims"))
    return problems


def _claims(systems: list[tuple[Document, SystemMap]]) -> Iterator[_Claim]:
    """Everything that is claimed; places first, so that a declaration is what overlaps."""
    for document, system in systems:
        for name, spec in system.places.items():
            identity = system.connections[spec.connection].disposal
            for position, prefix in enumerate(spec.prefixes):
                path = ("places", name, "prefixes", position)
                yield _Claim(document, path, f"place {name!r}", identity, spec.bucket, prefix)
    for document, system in systems:
        for position, entry in enumerate(system.not_personal):
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
