"""The ledger as a Merkle log in the sense of RFC 9162: its root at every size, and proofs that others can check on their own.

A leaf is an entry's bytes as they are chained (`retention.evidence.entry`); leaves and nodes are hashed as in RFC 9162 §2.1.1.
"""

from __future__ import annotations

from typing import Any

from retention.database import OwnConnection
from retention.errors import EvidenceError
from retention.evidence import ledger
from retention.evidence.entry import entry_bytes
from retention.evidence.merkle_tree import MerkleTree


class LedgerTree(MerkleTree):
    """The tree over the ledger's entries."""

    @classmethod
    def read(cls, own: OwnConnection, size: int | None = None) -> LedgerTree:
        """The tree over the first `size` entries; None: over all that there are."""
        tree = cls()
        for row in ledger.entries(own, size):
            tree.append_entry(entry_bytes(row))
        return tree


class ReadLedger:
    """The ledger as it was read: its tree and its chain in one pass, and on from there when entries were added since."""

    def __init__(self, own: OwnConnection) -> None:
        self.tree = LedgerTree()
        self._chain = ledger.Chain(ledger.noted_heads(own))
        self._last = 0
        self.read_on(own)

    def read_on(self, own: OwnConnection) -> None:
        """Read what was added since."""
        for row in ledger.entries(own, after=self._last):
            entry = entry_bytes(row)
            self._chain.take(row, entry)
            self.tree.append_entry(entry)
            self._last = row["seq"]

    @property
    def check(self) -> ledger.LedgerCheck:
        """Whether all that was read fits its chain."""
        return self._chain.check()

    def require_chain(self, consequence: str) -> None:
        """Raise EvidenceError, which ends with the consequence, where an entry does not fit the chain."""
        check = self.check
        if check.first_bad is not None:
            raise EvidenceError(
                f"entry {check.first_bad} of the ledger: {check.reason}; expected a chain without a gap. {consequence}"
            )


def inclusion(tree: LedgerTree, seq: int, size: int) -> dict[str, Any]:
    """The proof that entry `seq` is in the log of `size` entries, as JSON values."""
    proof: dict[str, Any] = tree.prove_inclusion(seq, size).serialize()
    return proof


def consistency(tree: LedgerTree, earlier: int, later: int) -> dict[str, Any]:
    """The proof that the log of `later` entries begins with that of `earlier` ones, as JSON values."""
    proof: dict[str, Any] = tree.prove_consistency(earlier, later).serialize()
    return proof
