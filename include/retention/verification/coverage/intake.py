"""Takes into a check's inventory whatever its connections can see and the map doesn't speak of."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from retention.database import OwnConnection
from retention.datamap.loader import DataMap, MappedExternal, MappedPlace
from retention.datamap.model import ConnectionKind
from retention.datamap.system_map import NotPersonal
from retention.errors import StoreUnreadable
from retention.verification.coverage.claims import Claims, claims_on, lies_ahead, old_or_ahead
from retention.verification.coverage.files import look_below
from retention.verification.coverage.tables import NAME, CoveredDatabase, PersonalColumn, cover_database
from retention.verification.inventory import Entry
from retention.verification.place_check import Surroundings
from retention.verification.source import Source, Unread

LOCK_TIMEOUT = "2s"
"""Longer than this nobody's query should wait behind ours, nor ours behind theirs."""

_SEEN_BEFORE = """
SELECT substr(found.place, length(%(label)s) + 2) AS table_name, reason.name AS note
FROM retention.findings AS found
CROSS JOIN LATERAL jsonb_object_keys(found.detail -> 'reasons') AS reason (name)
WHERE found.kind = 'personal_column' AND starts_with(found.place, %(label)s || '/') AND found.check_run_id = (
    SELECT check_run_id FROM retention.check_runs
    WHERE
        finished_at IS NOT NULL AND summary #> '{counts,tables}' IS NOT NULL
        AND NOT places_failed @> jsonb_build_array(jsonb_build_object('place', CAST(%(label)s AS text)))
    ORDER BY started_at DESC LIMIT 1
)
"""
"""What the last check that could look into this database found in columns; their names and why, as `_note` writes them."""


@dataclass(slots=True)
class Covered:
    """What was looked at, by category and place, and what could not be read: place → category, code, explanation."""

    looked_at: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    failed: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def count(self, category: str, place: str, **counts: int) -> None:
        """Note that so much was looked at there."""
        self.looked_at.setdefault((category, place), Counter()).update(counts)

    @property
    def totals(self) -> dict[str, int]:
        """What was looked at in all databases."""
        names = ("tables", "columns", "columns_sampled", "columns_not_sampled")
        return {name: sum(counts[name] for counts in self.looked_at.values()) for name in names}


def cover(around: Surroundings, categories: Collection[str]) -> Covered:
    """Look at every database and folder that the map's connections lead to, and at every declaration.

    Buckets are looked at where they are listed. Findings belong to the category of the connection's first place.
    """
    covered = Covered()
    for names in _databases(around):
        category = _category(around.datamap, names, categories)
        try:
            around.progress(0)  # is there time?
            _cover_database(around, names, category, covered)
        except StoreUnreadable as error:
            covered.count(category, names[0], places=1)
            covered.failed[names[0]] = (category, error.code, str(error))
    for name, source in around.datamap.connections.items():
        if source.kind is ConnectionKind.FILES:
            _cover_folder(around, name, _category(around.datamap, [name], categories), covered)
    _judge_declarations(around, categories, covered)
    return covered


def _databases(around: Surroundings) -> Iterator[list[str]]:
    """The map's connections to PostgreSQL, those that lead to one database together."""
    found: dict[tuple[object, ...], list[str]] = {}
    for name, source in around.datamap.connections.items():
        if source.kind is ConnectionKind.POSTGRES:
            to = around.verifier(name)
            found.setdefault((to.host, to.port, to.schema), []).append(name)
    yield from found.values()


def _cover_database(around: Surroundings, names: list[str], category: str, covered: Covered) -> None:
    label = names[0]
    claims = claims_on(around.datamap, names, around.as_of)
    before = set(_seen_before(around.inventory.own, label))
    logins = {around.verifier(name).login: name for name in reversed(names)}
    found, *others = [_cover_as(around, name, claims, before) for name in names if name in logins.values()]
    for other in others:
        found.add_view(other)
    covered.count(category, label, places=1, **found.looked_at)
    around.inventory.add(list(_entries(around, label, category, found, covered)))


def _cover_as(around: Surroundings, name: str, claims: Claims, before: set[tuple[str, str]]) -> CoveredDatabase:
    """What the login of this connection sees."""
    source = Source(around.verifier(name), name, "its catalog")
    try:
        source.session.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        return cover_database(source.session, claims, seen_before=before)
    except psycopg.Error as error:
        raise source.unreadable("its catalog", error) from None
    finally:
        source.close()


def _entries(
    around: Surroundings, label: str, category: str, found: CoveredDatabase, covered: Covered
) -> Iterator[Entry]:
    for _known in range(found.looked_at["tables"] - len(found.unmapped)):
        yield Entry(category, label, "table", mapped=True)
    for table, words in found.unmapped.items():
        yield Entry(category, f"{label}/{table}", "table", mapped=False, note=words)
    for one in found.personal:
        yield Entry(category, f"{label}/{one.table}", "column", mapped=False, note=_note(one))
    for table, reasons in found.hidden.items():
        yield Entry(category, f"{label}/{table}", "hidden", mapped=False, note=f"{table}: {', '.join(sorted(reasons))}")
    for place, columns in found.unnamed.items():
        of = around.datamap.places[place].spec.category
        covered.count(of, place, identifying=1)
        for one in columns:
            yield Entry(of, place, "unnamed", mapped=False, note=_note(one))
    for place, looked_up in found.named.items():
        of = around.datamap.places[place].spec.category
        covered.count(of, place, names=looked_up)
        for what in sorted(found.named_in_vain.get(place, ())):
            yield Entry(of, place, "named", mapped=True, note=what)
    for table, missing in found.declared_in_vain.items():
        for what in sorted(missing):
            yield Entry(category, f"{label}/{table}", "named", mapped=False, note=what)


def _note(found: PersonalColumn) -> str:
    return f"{found.column}: {', '.join(found.why)}"


def _seen_before(own: OwnConnection, label: str) -> Iterator[tuple[str, str]]:
    """Table and column of what the last check found in columns; what it only took by name is found by name again."""
    for row in own.execute(_SEEN_BEFORE, {"label": label}).fetchall():
        column, _colon, why = str(row["note"]).rpartition(": ")
        if why != NAME:
            yield str(row["table_name"]), column


def _cover_folder(around: Surroundings, name: str, category: str, covered: Covered) -> None:
    """One mounted path. A folder that can't be read may hold anything."""
    declared = [
        entry.folder
        for entry in around.datamap.not_personal
        if entry.connection == name and entry.folder is not None and not lies_ahead(entry, around.as_of)
    ]
    try:
        root = Path(str(around.verifier(name).extra["path"]))
        seen = look_below(root, around.datamap, [name], declared, list(_folders(around)))
    except (OSError, KeyError) as error:
        code = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "no path"
        unread = Unread(
            f"connection {name!r}: its folder could not be read", code, "a mounted path, readable to its end"
        )
        covered.count(category, name, places=1)
        covered.failed[name] = (category, unread.code, str(unread))
        return
    covered.count(category, name, places=1, files_seen=seen.files, declared_names=len(declared))
    if seen.unclaimed:
        around.inventory.add([Entry(category, name, "stray", mapped=False, counted=seen.unclaimed)])
    around.inventory.add(
        [Entry(category, name, "named", mapped=False, note="folder: no folder") for _ in seen.missing_folders]
    )


def _folders(around: Surroundings) -> Iterator[Path]:
    """The folders of all the map's connections to files: each is looked at, or it is said that it could not be."""
    for name, source in around.datamap.connections.items():
        path = around.verifier(name).extra.get("path") if source.kind is ConnectionKind.FILES else None
        if path:
            yield Path(str(path))


def _judge_declarations(around: Surroundings, categories: Collection[str], covered: Covered) -> None:
    """Declarations that are old, or dated ahead."""
    for entry in around.datamap.not_personal:
        covered.count(_category(around.datamap, [entry.connection], categories), entry.connection, declarations=1)
    around.inventory.add(
        [
            Entry(
                _category(around.datamap, [entry.connection], categories),
                _label(entry),
                "declaration",
                mapped=False,
                note=why,
            )
            for entry, why in old_or_ahead(around.datamap, around.as_of)
        ]
    )


def _label(entry: NotPersonal) -> str:
    """What is declared; of a bucket the prefix is left out, and of a path the folder: they may be called after somebody."""
    below = entry.table or entry.bucket
    return f"{entry.connection}/{below}" if below else entry.connection


def _category(datamap: DataMap, connections: Collection[str], categories: Collection[str]) -> str:
    """The category of the first place that these connections lead to, among those of this check."""
    for place in datamap.places.values():
        if isinstance(place, MappedExternal) or place.spec.category not in categories:
            continue
        used = {place.spec.connection}
        if isinstance(place, MappedPlace) and place.spec.facts is not None:
            used.add(place.spec.facts.connection)
        if not used.isdisjoint(connections):
            return place.spec.category
    return next(iter(categories))
