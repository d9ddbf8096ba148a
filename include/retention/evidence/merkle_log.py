"""The ledger as a Merkle log in the sense of RFC 9162: its root at every size, and proofs that others can check on their own.

A leaf is an entry's bytes as they are chained (`retention.evidence.entry`); leaves and nodes are hashed as in RFC 9162 §2.1.1.
"""

from __future__ import annotations

from typing import Any

from retention.database import OwnConnection
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


def inclusion(tree: LedgerTree, seq: int, size: int) -> dict[str, Any]:
    """The proof that entry `seq` is in the log of `size` entries, as JSON values."""
    proof: dict[str, Any] = tree.prove_inclusion(seq, size).serialize()
    return proof


def consistency(tree: LedgerTree, earlier: int, later: int) -> dict[str, Any]:
    """The proof that the log of `later` entries begins with that of `earlier` ones, as JSON values."""
    proof: dict[str, Any] = tree.prove_consistency(earlier, later).serialize()
    return proof
