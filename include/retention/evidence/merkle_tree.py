"""Merkle trees as in RFC 9162 §2.1, with their proofs."""

from __future__ import annotations

from collections.abc import Iterator

from pymerkle import BaseMerkleTree

_HASH_BYTES = 32


class MerkleTree(BaseMerkleTree):  # type: ignore[misc]  # it has no published types
    """Leaves' hashes in memory, 32 bytes for each."""

    def __init__(self) -> None:
        super().__init__("sha256")
        self._hashes = bytearray()

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
