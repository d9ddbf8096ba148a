"""The suppression list: keyed hashes of whom marketing must leave alone, and who of them an import brought back.

Identifiers are read from the source, hashed and forgotten; the list holds hashes alone (clause `marketing`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg import sql

from retention.database import OwnConnection
from retention.disposal.checked import CheckedTable
from retention.disposal.fact_columns import SUPPRESSED
from retention.disposal.identifiers import identifiers_in, may_name_somebody
from retention.disposal.reading import Reading
from retention.errors import UnknownError
from retention.stores.tables import TableBatch

_ROWS = 5_000


class Suppressed(NamedTuple):
    """Rows of which something was added to the list, or dated anew; and those that must not go: who is named in them nobody can
    read, and an import would bring them back unseen."""

    added: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()


def suppressed_items(
    reading: Reading[CheckedTable], own: OwnConnection, ids: Sequence[str] | None = None
) -> dict[str, list[datetime]]:
    """Rows (all, or these) with identifiers on the list: since when each of them has been there, by the row's id. Which of them a
    newer consent lifts, and which stands longest, is said where the row is decided.

    Raises UnknownError where the list was written under another hash key: nobody could be found on it.
    """
    if SUPPRESSED not in reading.rule.events:
        return {}
    if not _has_entries(reading, own):
        return {}
    found = defaultdict[str, list[datetime]](list)
    for chunk in _identifiers(reading, ids):
        hashes = defaultdict[tuple[str, bytes], list[str]](list)
        for key, values in chunk.items():
            for one in _hashes(reading, values):
                hashes[one].append(key)
        for one, at in _listed(own, list(hashes)).items():
            for key in hashes[one]:
                found[key].append(at)
    return dict(found)


def suppress(
    reading: Reading[CheckedTable], own: OwnConnection, batch: TableBatch, withdrawn_at: Mapping[str, datetime]
) -> Suppressed:
    """Put the identifiers of these rows (by their ids) on the list, dated by when each person withdrew; none in a rehearsal."""
    if not reading.checked.place.spec.identifiers or not withdrawn_at:
        return Suppressed()
    query, columns = _select(reading, by_id=True)
    named = defaultdict[tuple[str, bytes], set[str]](set)
    unread = set[str]()
    for key, *values in batch.session.execute(query, {"ids": list(withdrawn_at)}):
        texts = dict(zip(columns, values, strict=True))
        for one in _hashes(reading, texts):
            named[one].add(key)
        if _hides_somebody(reading, texts):
            unread.add(key)
    entries = {one: max(withdrawn_at[key] for key in keys) for one, keys in named.items()}
    changed = [] if reading.checked.is_rehearsal else _enter(own, reading.runtime.hasher.key_id, entries)
    return Suppressed(frozenset[str]().union(*(named[one] for one in changed)), frozenset(unread))


def _enter(own: OwnConnection, key_id: str, entries: Mapping[tuple[str, bytes], datetime]) -> list[tuple[str, bytes]]:
    """Write the entries; gives those that are new or dated later than before. In one order, so that no two batches wait for each
    other."""
    ordered = sorted(entries)
    rows = own.execute(
        "INSERT INTO retention.suppression_list AS listed (kind, hash, key_id, suppressed_at) "
        "SELECT new.kind, new.hash, %s, new.at FROM unnest(%s::text[], %s::bytea[], %s::timestamptz[]) AS new (kind, hash, at) "
        "ON CONFLICT (kind, hash) DO UPDATE SET suppressed_at = excluded.suppressed_at "
        "WHERE listed.suppressed_at < excluded.suppressed_at RETURNING kind, hash",
        (key_id, [kind for kind, _ in ordered], [digest for _, digest in ordered], [entries[one] for one in ordered]),
    )
    return [(row["kind"], bytes(row["hash"])) for row in rows]


def _has_entries(reading: Reading[CheckedTable], own: OwnConnection) -> bool:
    row = own.execute(
        "SELECT count(*) AS entries, count(*) FILTER (WHERE key_id <> %s) AS strange FROM retention.suppression_list",
        (reading.runtime.hasher.key_id,),
    ).fetchone()
    assert row is not None  # an aggregate always gives one row
    if row["strange"]:
        raise UnknownError(
            f"the suppression list has {row['strange']} entries under another hash key; expected the key that they were written "
            "with (RETENTION_HASH_KEY_FILE). Without it nobody can be found on the list, and nothing is planned or deleted here."
        )
    return bool(row["entries"])


def _identifiers(
    reading: Reading[CheckedTable], ids: Sequence[str] | None
) -> Iterator[dict[str, dict[str, str | None]]]:
    """The identifiers by row, in chunks: memory does not grow with the table."""
    query, columns = _select(reading, by_id=ids is not None)
    with (
        reading.runtime.source(reading.checked.place) as source,
        source.transaction(),
        source.cursor(name="identifiers") as cursor,
    ):
        cursor.execute(query, {"ids": list(ids or ())})
        while rows := cursor.fetchmany(_ROWS):
            yield {str(row["item_id"]): {name: row[name] for name in columns} for row in rows}


def _select(reading: Reading[CheckedTable], *, by_id: bool) -> tuple[sql.Composed, list[str]]:
    spec = reading.checked.place.spec
    columns = list(spec.identifiers)
    where = sql.SQL("WHERE {} = ANY(%(ids)s::text[]::{}[])").format(
        sql.Identifier(spec.id_column), sql.SQL(reading.checked.columns.id_type)
    )
    query = sql.SQL("SELECT {id}::text AS item_id, {columns} FROM {table} {where}").format(
        id=sql.Identifier(spec.id_column),
        columns=sql.SQL(", ").join(sql.SQL("{0}::text AS {0}").format(sql.Identifier(name)) for name in columns),
        table=sql.Identifier(*spec.table.split(".")),
        where=where if by_id else sql.SQL(""),
    )
    return query, columns


def _hashes(reading: Reading[CheckedTable], values: Mapping[str, str | None]) -> list[tuple[str, bytes]]:
    kinds = reading.checked.place.spec.identifiers
    hasher = reading.runtime.hasher
    return [
        (kinds[column], hasher.identifier(kinds[column], plain))
        for column, text in values.items()
        if text is not None
        for plain in identifiers_in(kinds[column], text)
    ]


def _hides_somebody(reading: Reading[CheckedTable], values: Mapping[str, str | None]) -> bool:
    """Whether a column holds what may be an identifier, and none can be read in it."""
    kinds = reading.checked.place.spec.identifiers
    return any(
        may_name_somebody(kinds[column], text) and not identifiers_in(kinds[column], text)
        for column, text in values.items()
        if text is not None
    )


def _listed(own: OwnConnection, entries: Sequence[tuple[str, bytes]]) -> dict[tuple[str, bytes], datetime]:
    rows = own.execute(
        "SELECT s.kind, s.hash, s.suppressed_at FROM retention.suppression_list AS s "
        "JOIN unnest(%s::text[], %s::bytea[]) AS asked (kind, hash) USING (kind, hash)",
        ([kind for kind, _ in entries], [digest for _, digest in entries]),
    )
    return {(row["kind"], bytes(row["hash"])): row["suppressed_at"] for row in rows}
