"""Who of a table's people stands on the suppression list: found by verification itself, from the rows' identifiers.

Identifiers are read, spelled in one way, hashed and forgotten; our own database is asked for hashes alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from retention.datamap.loader import MappedTable
from retention.verification.identifiers import Kind, spell
from retention.verification.place_check import PlaceCheck
from retention.verification.promised import SUPPRESSED
from retention.verification.source import Unread
from retention.verification.table_rows import TableRows

_ENTRIES = """
SELECT kind, count(*) FILTER (WHERE key_id <> %s) AS strange
FROM retention.suppression_list
GROUP BY kind
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
    listed_kinds = _kinds(check)
    columns = [kind if kind in listed_kinds else None for kind in place.spec.identifiers.values()]
    if not any(columns):
        return {}
    found: defaultdict[str, list[datetime]] = defaultdict(list)
    for chunk in rows.identifiers():
        hashed = _hashed(check, columns, chunk)
        for listed, at in _since(check, hashed):
            for item_id in hashed[listed]:
                found[item_id].append(at)
    return dict(found)


def _kinds(check: PlaceCheck) -> set[str]:
    """The kinds of identifiers that are on the list."""
    rows = check.inventory.ask(_ENTRIES, (check.around.hasher.key_id,))
    if strange := sum(row["strange"] for row in rows):
        expected = "the key that they were written with (RETENTION_HASH_KEY_FILE)"
        found = f"place {check.name!r}: the suppression list has {strange} entries under another hash key"
        raise Unread(found, "OtherHashKey", expected)
    return {row["kind"] for row in rows}


def _hashed(
    check: PlaceCheck, columns: Sequence[Kind | None], chunk: Mapping[str, Collection[str | None]]
) -> dict[bytes, list[str]]:
    """The rows' ids by the keyed hashes of their identifiers; `columns` are the kinds, None where the list has none."""
    by_hash = defaultdict[bytes, list[str]](list)
    for item_id, texts in chunk.items():
        for kind, text in zip(columns, texts, strict=True):
            if kind is not None and text is not None and (told := spell(kind, text)):
                by_hash[check.around.hasher.identifier(kind, told)].append(item_id)
    return by_hash


def _since(check: PlaceCheck, hashes: Collection[bytes]) -> list[tuple[bytes, datetime]]:
    return [(bytes(row["hash"]), row["suppressed_at"]) for row in check.inventory.ask(_LISTED, (list(hashes),))]
