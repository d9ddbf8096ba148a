"""Who of a table's people stands on the suppression list: found by verification itself, from the rows' identifiers.

Identifiers are read, spelled in one way, hashed and forgotten; our own database is asked for hashes alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from retention.datamap.loader import MappedTable
from retention.verification.identifiers import spell
from retention.verification.place_check import PlaceCheck
from retention.verification.promised import SUPPRESSED
from retention.verification.source import Unread
from retention.verification.table_rows import TableRows

_ENTRIES = """
SELECT count(*) AS entries, count(*) FILTER (WHERE key_id <> %s) AS strange
FROM retention.suppression_list
"""
_LISTED = "SELECT hash, suppressed_at FROM retention.suppression_list WHERE hash = ANY(%s)"


def find_suppressed(check: PlaceCheck, place: MappedTable, rows: TableRows) -> dict[str, list[datetime]]:
    """Since when each row's identifiers have stood on the list, by the row's id; only rows with one that does.

    Raises Unread where nobody could be found on it: no identifiers in the map, or entries under another key.
    """
    if all(event.name != SUPPRESSED for event in check.terms.events):
        return {}
    if not place.spec.identifiers:
        expected = "`identifiers` in the data map: the columns by which a suppressed person is known"
        raise Unread(f"place {place.name!r}: nobody could be found on the suppression list", "NoIdentifiers", expected)
    if not _has_entries(check):
        return {}
    found: defaultdict[str, list[datetime]] = defaultdict(list)
    for chunk in rows.identifiers():
        hashed = _hashed(check, place, chunk)
        for listed, at in _since(check, hashed):
            for item_id in hashed[listed]:
                found[item_id].append(at)
    return dict(found)


def _has_entries(check: PlaceCheck) -> bool:
    [row] = check.inventory.ask(_ENTRIES, (check.around.hasher.key_id,))
    if row["strange"]:
        expected = "the key that they were written with (RETENTION_HASH_KEY_FILE)"
        found = f"place {check.name!r}: the suppression list has {row['strange']} entries under another hash key"
        raise Unread(found, "OtherHashKey", expected)
    return bool(row["entries"])


def _hashed(
    check: PlaceCheck, place: MappedTable, chunk: Mapping[str, Collection[str | None]]
) -> dict[bytes, list[str]]:
    """The rows' ids by the keyed hashes of their identifiers."""
    kinds, by_hash = list(place.spec.identifiers.values()), defaultdict[bytes, list[str]](list)
    for item_id, texts in chunk.items():
        for kind, text in zip(kinds, texts, strict=True):
            if text is not None and (told := spell(kind, text)):
                by_hash[check.around.hasher.identifier(kind, told)].append(item_id)
    return by_hash


def _since(check: PlaceCheck, hashes: Collection[bytes]) -> list[tuple[bytes, datetime]]:
    return [(bytes(row["hash"]), row["suppressed_at"]) for row in check.inventory.ask(_LISTED, (list(hashes),))]
