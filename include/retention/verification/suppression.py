"""Who of a table's people stands on the suppression list: found by verification itself, from the rows' identifiers.

Identifiers are read, spelled in one way, hashed and forgotten; our own database is asked for hashes alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeGuard, TypeVar

from retention.datamap.loader import MappedTable
from retention.verification.identifiers import Kind, spell
from retention.verification.place_check import PlaceCheck
from retention.verification.promised import SUPPRESSED
from retention.verification.source import Unread
from retention.verification.table_rows import TableRows

Name = TypeVar("Name", str, bytes)

_ENTRIES = """
SELECT kind, count(*) FILTER (WHERE key_id <> %s) AS strange
FROM retention.suppression_list
GROUP BY kind
"""
_LISTED = "SELECT hash, suppressed_at FROM retention.suppression_list WHERE hash = ANY(%s)"


class Identified(NamedTuple):
    """`since`: since when each row's identifiers have stood on the list, by the row's id; only rows with one that does.
    `rows` were looked at; of `unreadable` ones some identifier holds neither an address nor a number: nobody finds them."""

    since: Mapping[str, Sequence[datetime]]
    rows: int = 0
    unreadable: int = 0


def find_suppressed(check: PlaceCheck, place: MappedTable, rows: TableRows) -> Identified:
    """Who is on the list, and who could not be looked for.

    Raises Unread where nobody could be found on it: no identifiers in the map, or entries under another key.
    """
    if all(event.name != SUPPRESSED for event in check.terms.events):
        return Identified({})
    if not place.spec.identifiers:
        expected = "`identifiers` in the data map: the columns by which a suppressed person is known"
        raise Unread(f"place {place.name!r}: nobody could be found on the suppression list", "NoIdentifiers", expected)
    listed_kinds = _kinds(check)
    kinds = list(place.spec.identifiers.values())
    since: defaultdict[str, list[datetime]] = defaultdict(list)
    looked_at = unreadable = 0
    for chunk in rows.identifiers():
        looked_at += len(chunk)
        by_hash = defaultdict[bytes, list[str]](list)
        for item_id, texts in chunk.items():
            told = _told(kinds, texts)
            unreadable += any(not identifiers for _kind, identifiers in told)
            for kind, identifiers in told:
                if kind in listed_kinds:
                    for one in identifiers:
                        by_hash[check.around.hasher.identifier(kind, one)].append(item_id)
        for listed, at in _since(check, by_hash):
            for item_id in by_hash[listed]:
                since[item_id].append(at)
    return Identified(dict(since), looked_at, unreadable)


def named_in(
    check: PlaceCheck, place: MappedTable, rows: TableRows, item_ids: Collection[str]
) -> dict[str, set[bytes]]:
    """The keyed hashes of all identifiers of these rows, by the row's id."""
    if not item_ids:
        return {}
    kinds = list(place.spec.identifiers.values())
    named: dict[str, set[bytes]] = {}
    for item_id, texts in rows.identifiers_of(list(item_ids)).items():
        told = _told(kinds, texts)
        named[item_id] = {check.around.hasher.identifier(kind, one) for kind, found in told for one in found}
    return named


def unlisted_since(check: PlaceCheck, demanded: Mapping[Name, tuple[Collection[bytes], datetime]]) -> set[Name]:
    """Which of these are not on the list by all their identifiers, each since the given instant at least."""
    listed = dict(_since(check, set[bytes]().union(*(hashes for hashes, _since_when in demanded.values()))))
    return {
        name
        for name, (hashes, since) in demanded.items()
        if any(one not in listed or listed[one] < since for one in hashes)
    }


def _kinds(check: PlaceCheck) -> set[str]:
    """The kinds of identifiers that are on the list."""
    rows = check.inventory.ask(_ENTRIES, (check.around.hasher.key_id,))
    if strange := sum(row["strange"] for row in rows):
        expected = "the key that they were written with (RETENTION_HASH_KEY_FILE)"
        found = f"place {check.name!r}: the suppression list has {strange} entries under another hash key"
        raise Unread(found, "OtherHashKey", expected)
    return {row["kind"] for row in rows}


def _told(kinds: Sequence[Kind], texts: Sequence[str | None]) -> list[tuple[Kind, set[str]]]:
    """The identifiers in a row's texts, each text's with its kind; empty where a text names nobody."""
    return [(kind, spell(kind, text)) for kind, text in zip(kinds, texts, strict=True) if _says_something(text)]


def _says_something(text: str | None) -> TypeGuard[str]:
    return text is not None and not text.isspace() and text != ""


def _since(check: PlaceCheck, hashes: Collection[bytes]) -> list[tuple[bytes, datetime]]:
    if not hashes:
        return []
    return [(bytes(row["hash"]), row["suppressed_at"]) for row in check.inventory.ask(_LISTED, (list(hashes),))]
