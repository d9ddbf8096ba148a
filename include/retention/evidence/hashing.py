"""Keyed hashes of items and persons, and the Merkle root over a batch of them.

A keyed hash names an item in ledger and results without telling it: whoever lacks the key can't try out ids.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from retention.errors import RequestError

_VARIABLE = "RETENTION_HASH_KEY_FILE"
_BLOCK_BYTES = 64
"""What SHA-256 works on at once."""


@dataclass(frozen=True, slots=True)
class ItemHasher:
    """HMAC-SHA256 under one secret key of at least 32 bytes."""

    key: bytes = field(repr=False)

    @classmethod
    def from_environment(cls) -> ItemHasher:
        """Read the key (hex) from the file that `RETENTION_HASH_KEY_FILE` names; raises RequestError where it can't be used."""
        path = os.environ.get(_VARIABLE)
        if not path:
            raise RequestError(
                f"found no environment variable {_VARIABLE}; expected the path of a file with 32 random bytes in hex"
            )
        try:
            key = bytes.fromhex(Path(path).read_text(encoding="ascii").strip())
        except (OSError, ValueError):
            raise RequestError(
                f"{_VARIABLE}: found no readable hex in the file; expected 32 random bytes in hex"
            ) from None
        if len(key) < 32:
            raise RequestError(f"{_VARIABLE}: found {len(key)} bytes; expected at least 32")
        return cls(key)

    @property
    def key_id(self) -> str:
        """Names the key without telling it, so that a changed key is noticed."""
        return _key_id(self.key)

    def item(self, place: str, item_id: str) -> bytes:
        """32 bytes that stand for one item of one place."""
        return self.items(place, [item_id])[0]

    def items(self, place: str, item_ids: Iterable[str]) -> list[bytes]:
        """The same of many items, in their order."""
        return self._digests(("item", place), item_ids)

    def person(self, person_id: str) -> bytes:
        """32 bytes that stand for one person, by the source's internal id."""
        return self.persons([person_id])[0]

    def persons(self, person_ids: Iterable[str]) -> list[bytes]:
        """The same of many persons, in their order."""
        return self._digests(("person",), person_ids)

    def identifier(self, kind: str, text: str) -> bytes:
        """32 bytes that stand for one normalised e-mail address or telephone number (`kind`), on the suppression list."""
        return self._digests(("identifier", kind), [text])[0]

    def salt(self, tenant_id: str) -> bytes:
        """32 bytes that belong to one customer's name: whoever has them can tell its hashes, and nobody else's."""
        return self._digests(("salt",), [tenant_id])[0]

    def canary(self, place: str, canary_id: UUID) -> UUID:
        """The id that a canary has in its place: who knows the canary's own, and the key, can work it out."""
        return UUID(bytes=self._digests(("canary", place), [str(canary_id)])[0][:16], version=4)

    def replay_list(self, digest: str) -> bytes:
        """32 bytes that seal a replay list, by the SHA-256 of its lines: only who has the key can write one."""
        return self._digests(("replay list",), [digest])[0]

    def scope(self, parts: Mapping[str, object]) -> bytes:
        """32 bytes that stand for a hold's scope: its filled parts by name. Instants are aware."""
        texts = {
            name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
            for name, value in parts.items()
        }
        *prefix, last = ["scope", *(part for name in sorted(texts) for part in (name, texts[name]))]
        return self._digests(tuple(prefix), [last])[0]

    def _digests(self, prefix: tuple[str, ...], texts: Iterable[str]) -> list[bytes]:
        """HMAC (RFC 2104) of the prefix and each text. It goes through key and prefix once, not once for each item."""
        inner, outer = _inner(self.key, prefix), _outer(self.key)
        digests = []
        for text in texts:
            one, other = inner.copy(), outer.copy()
            one.update(_frame(text))
            other.update(one.digest())
            digests.append(other.digest())
        return digests


def _frame(part: str) -> bytes:
    """The part with its length, so that no two lists of parts give the same bytes."""
    text = part.encode()
    return len(text).to_bytes(4, "big") + text


@lru_cache(maxsize=8)
def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"retention key id" + key).hexdigest()[:16]


@lru_cache(maxsize=256)
def _inner(key: bytes, prefix: tuple[str, ...]) -> hashlib._Hash:
    """The inner SHA-256, after the key in a block of its own and what many messages begin with."""
    return hashlib.sha256(_pad(key, 0x36) + b"".join(map(_frame, prefix)))


@lru_cache(maxsize=8)
def _outer(key: bytes) -> hashlib._Hash:
    """The outer SHA-256, after the key in a block of its own."""
    return hashlib.sha256(_pad(key, 0x5C))


def _pad(key: bytes, byte: int) -> bytes:
    block = (key if len(key) <= _BLOCK_BYTES else hashlib.sha256(key).digest()).ljust(_BLOCK_BYTES, b"\0")
    return bytes(one ^ byte for one in block)


def items_root(hashes: Iterable[bytes]) -> str:
    """Merkle root over items' keyed hashes in sorted order, in hex, as the ledger has it."""
    return _root_of(tuple(sorted(hashes)))


@lru_cache(maxsize=8)  # most batches go as they were intended
def _root_of(leaves: tuple[bytes, ...]) -> str:
    return merkle_root(leaves).hex()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Merkle tree hash of the leaves in their order, as in RFC 9162 §2.1.1; of no leaves: SHA-256 of nothing."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    sha256 = hashlib.sha256
    level = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
    # Pairs from the left, and a last one without a partner as it is, give the same tree as splitting at powers of two.
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(b"\x01" + left + right).digest() for left, right in pairs] + level[len(level) & ~1 :]
    return level[0]
