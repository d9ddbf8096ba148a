"""What went, as keyed hashes: rows of retention.disposed_items, for later questions about single items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple, Protocol
from uuid import UUID

from psycopg import sql
from psycopg.types.string import BytesBinaryDumper

from retention.database import OwnConnection
from retention.evidence.hashing import ItemHasher
from retention.policy.facts import WAITS


class PlannedItem(Protocol):
    """What is taken from a planned item."""

    @property
    def place(self) -> str: ...
    @property
    def item_id(self) -> str: ...
    @property
    def object_key(self) -> str: ...
    @property
    def tenant_id(self) -> str | None: ...
    @property
    def person_id(self) -> str | None: ...
    @property
    def arose_at(self) -> datetime | None: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def reason(self) -> str: ...


class DisposedRow(NamedTuple):
    """One item that went. Hashes are 32 bytes under the key that `key_id` names; `trigger_at` is when it fell due, and `reason`
    why, as its plan says."""

    place: str
    item_hash: bytes
    key_hash: bytes
    key_id: str
    tenant_id: str | None
    person_hash: bytes | None
    arose_at: datetime | None
    outcome: str
    trigger_at: datetime
    gone_at: datetime
    reason: str


_TYPES = [
    *("text", "bytea", "bytea", "text", "text", "bytea"),
    *("timestamptz", "text", "timestamptz", "timestamptz", "text"),
]
"""The types of a row's columns, in their order, for binary COPY."""


class ItemHashes(NamedTuple):
    """The keyed hashes that a planned item goes by: its own, its object's key's, its person's."""

    item: bytes
    key: bytes
    person: bytes | None


def hashes_of(hasher: ItemHasher, items: Sequence[PlannedItem]) -> dict[str, ItemHashes]:
    """By the items' ids, each hash once for all that is recorded about the item. All items are of one place."""
    if not items:
        return {}
    place, ids = items[0].place, [item.item_id for item in items]
    own = hasher.items(place, ids)
    keys = [item.object_key for item in items]
    of_keys = own if keys == ids else hasher.items(place, keys)
    persons = [item.person_id for item in items]
    of_persons = iter(hasher.persons(person for person in persons if person is not None))
    return {
        item_id: ItemHashes(item, key, next(of_persons) if person is not None else None)
        for item_id, item, key, person in zip(ids, own, of_keys, persons, strict=True)
    }


def disposed_row(item: PlannedItem, hashes: ItemHashes, key_id: str, outcome: str, gone_at: datetime) -> DisposedRow:
    """One item that went, with its hashes under the key that `key_id` names."""
    return DisposedRow(
        item.place,
        hashes.item,
        hashes.key,
        key_id,
        item.tenant_id,
        hashes.person,
        item.arose_at,
        outcome,
        item.due_at,
        gone_at,
        "waited" if item.reason == WAITS else item.reason,
    )


def write_disposed(
    own: OwnConnection, plan_id: UUID, batch_no: int, category: str, rows: Iterable[DisposedRow]
) -> None:
    """Write the rows within the caller's transaction; each item at most once per plan.

    In the order of their hashes, so that neighbours in an index are written one after the other.
    """
    statement = sql.SQL(
        "COPY retention.disposed_items (plan_id, batch_no, category, {}) FROM STDIN (FORMAT binary)"
    ).format(sql.SQL(", ").join(map(sql.Identifier, DisposedRow._fields)))
    with own.cursor() as cursor:
        # psycopg's own choice for bytea takes three times as long.
        cursor.adapters.register_dumper(bytes, BytesBinaryDumper)
        with cursor.copy(statement) as copy:
            copy.set_types(["uuid", "int4", "text", *_TYPES])
            for row in sorted(rows, key=attrgetter("item_hash")):
                copy.write_row((plan_id, batch_no, category, *row))
