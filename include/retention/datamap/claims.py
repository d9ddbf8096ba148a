"""What two entries of the data map can't both claim: names, identities, keys and tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from retention.datamap.dependents import all_dependents
from retention.datamap.model import PartitionedPlace, S3Place, TablePlace
from retention.datamap.system_map import SystemMap
from retention.documents import Document
from retention.errors import Problem

Systems = list[tuple[Document, SystemMap]]


def conflicts_of(systems: Systems) -> list[Problem]:
    """Everything that is named, or claimed, twice."""
    return [*_named_twice(systems), *_shared_identities(systems), *_overlapping(systems), *_tables_twice(systems)]


def _named_twice(systems: Systems) -> list[Problem]:
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


def _shared_identities(systems: Systems) -> list[Problem]:
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


def _overlapping(systems: Systems) -> list[Problem]:
    """Two places must not claim the same keys, nor the same table: each item would then have two rules, or a rule and a
    declaration."""
    claims = list(_claims(systems))
    problems = []
    for position, one in enumerate(claims):
        for other in claims[position + 1 :]:
            if one.overlaps(other):
                found = f"{other.what()}, which overlaps with {one.what()} of {one.owner}"
                problems.append(other.document.problem(other.path, "overlap", found, "keys that nothing else claims"))
    return problems


def _tables_twice(systems: Systems) -> list[Problem]:
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


def _table_claims(systems: Systems) -> Iterator[_TableClaim]:
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


def _claims(systems: Systems) -> Iterator[_Claim]:
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
