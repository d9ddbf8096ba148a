"""The ledger as a Merkle log in the sense of RFC 9162: its root at every size, and proofs that others can check on their own.

A leaf is an entry's bytes as they are chained (`retention.evidence.entry`); leaves and nodes are hashed as in
RFC 9162 §2.1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pymerkle import (
    BaseMerkleTree,
)

from retention.database import OwnConnection
from retention.evidence import ledger
from retention.evidence.entry import entry_bytes

_HASH_BYTES = 32


class LedgerTree(BaseMerkleTree):  # type: ignore[misc]  # it has no published types
    """The leaves' hashes in memory, 32 bytes for each entry of the ledger."""

    def __init__(self) -> None:
        super().__init__("sha256")
        self._hashes = bytearray()

    @classmethod
    def read(cls, own: OwnConnection, size: int | None = None) -> LedgerTree:
        """The tree over the first `size` entries; None: over all that there are."""
        tree = cls()
        for row in ledger.entries(own, size):
            tree.append_entry(entry_bytes(row))
        return tree

    def _encode_entry(self, data: bytes) -> bytes:
        return data

    def _store_leaf(self, _data: bytes, digest: bytes) -> int:
        self._hashes += digest
        return self._get_size()

    def _get_leaf(self, index: int) -> bytes:
        return bytes(self._hashes[(index - 1) * _HASH_BYTES : index * _HASH_BYTES])

    def _get_leaves(self, offset: int, width: int) -> Iterator[bytes]:
        return (self._get_leaf(index) for index in range(offset + 1, offset + width + 1))

    def _get_size(self) -> int:
        return len(self._hashes) // _HASH_BYTES


def inclusion(tree: LedgerTree, seq: int, size: int) -> dict[str, Any]:
    """The proof that entry `seq` is in the log of `size` entries, as JSON values."""
    proof: dict[str, Any] = tree.prove_inclusion(seq, size).serialize()
    return proof


def consistency(tree: LedgerTree, earlier: int, later: int) -> dict[str, Any]:
    """The proof that the log of `later` entries begins with that of `earlier` ones, as JSON values."""
    proof: dict[str, Any] = tree.prove_consistency(earlier, later).serialize()
    return proof
