"""The ledger: append-only, hash-chained, one entry per batch and per act of a person. No payload, no direct identifiers.

Entries are appended by the database function `retention.ledger_append` alone. `verify` recomputes the chain here, in other
code, from the bytes as they are stored.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from retention.database import OwnConnection
from retention.errors import UnknownError
from retention.evidence.entry import FIRST_PREVIOUS, canonical, entry_bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry: its number (from 1; 0 for an empty ledger) and its hash in hex."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """Result of `verify`: `first_bad` is the first entry that does not fit, None when all do."""

    entries: int
    head: str
    first_bad: int | None
    reason: str | None = None


def append(own: OwnConnection, kind: str, body: Mapping[str, Any]) -> Head:
    """Append one entry and return the new head. It stands or falls with the caller's transaction."""
    row = own.execute("SELECT * FROM retention.ledger_append(%s, %s)", (kind, canonical(body))).fetchone()
    if row is None:
        raise UnknownError("the ledger returned no entry; expected one. Check the database's log.")
    return Head(row["entry_seq"], row["entry_hash"].hex())


def head(own: OwnConnection) -> Head:
    """The last entry, or (0, zeros) for an empty ledger."""
    row = own.execute("SELECT seq, hash FROM retention.ledger ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(row["seq"], row["hash"].hex()) if row else Head(0, FIRST_PREVIOUS.hex())


def verify(own: OwnConnection) -> LedgerCheck:
    """Recompute every hash from the first entry on, and compare with the heads that check runs noted in their time.

    A changed, removed or reordered entry breaks the chain at its place; a truncated end misses a noted head.
    """
    chain = Chain(noted_heads(own))
    for row in entries(own):
        chain.take(row, entry_bytes(row))
    return chain.check()


class Chain:
    """Takes the ledger's entries one after the other. `noted` are the hashes that checks noted before, by entry."""

    def __init__(self, noted: Mapping[int, set[str]]) -> None:
        self._noted = dict(noted)
        self._good, self._head = 0, FIRST_PREVIOUS
        self._bad: str | None = None

    def take(self, row: Mapping[str, Any], entry: bytes) -> None:
        """The next row, and its bytes as they are chained. What comes behind one that is wrong is not looked at."""
        if self._bad is None:
            self._bad = self._wrong(row, entry)
            if self._bad is None:
                self._good, self._head = self._good + 1, row["hash"]

    def check(self) -> LedgerCheck:
        """What the rows say that were taken until now."""
        bad = self._bad
        if bad is None and self._noted:
            bad = "the ledger ends before an entry that a check has seen"
        return LedgerCheck(self._good, self._head.hex(), self._good + 1 if bad else None, bad)

    def _wrong(self, row: Mapping[str, Any], entry: bytes) -> str | None:
        number = self._good + 1
        if row["seq"] != number:
            return "an entry is missing or out of order"
        if row["prev_hash"] != self._head or row["hash"] != hashlib.sha256(entry).digest():
            return "the entry does not fit its hash"
        if self._noted.pop(number, {row["hash"].hex()}) != {row["hash"].hex()}:
            return "an earlier check noted another hash for this entry"
        return None


def entries(own: OwnConnection, size: int | None = None, *, after: int = 0) -> Iterator[Mapping[str, Any]]:
    """All columns of the entries behind `after` up to `size` (None: to the last there is now), oldest first. One snapshot,
    read as a stream."""
    with own.transaction(), own.cursor(name="ledger") as cursor:
        cursor.itersize = 10_000
        cursor.execute(
            "SELECT seq, at, kind, body, prev_hash, hash FROM retention.ledger "
            "WHERE seq > %s AND seq <= coalesce(%s, seq) ORDER BY seq",
            (after, size),
        )
        yield from cursor


def noted_heads(own: OwnConnection) -> dict[int, set[str]]:
    """Every hash that a check noted, by entry: two of them for one entry mean that one chain was put in another's place."""
    rows = own.execute(
        "SELECT DISTINCT ledger_seq, ledger_head FROM retention.check_runs WHERE ledger_seq > 0 AND ledger_head IS NOT NULL"
    )
    noted = defaultdict[int, set[str]](set)
    for row in rows:
        noted[row["ledger_seq"]].add(row["ledger_head"])
    return dict(noted)
