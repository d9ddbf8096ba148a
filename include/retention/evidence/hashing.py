"""Keyed hashes of items and persons, and the Merkle root over a batch of them.

A keyed hash names an item in ledger and results without telling it: whoever lacks the key can't try out ids.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

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
        return self._digest(_framed("item", place) + _frame(item_id))

    def person(self, person_id: str) -> bytes:
        """32 bytes that stand for one person, by the source's internal id."""
        return self._digest(_framed("person") + _frame(person_id))

    def identifier(self, kind: str, text: str) -> bytes:
        """32 bytes that stand for one normalised e-mail address or telephone number (`kind`), on the suppression list."""
        return self._digest(_framed("identifier", kind) + _frame(text))

    def scope(self, parts: Mapping[str, object]) -> bytes:
        """32 bytes that stand for a hold's scope: its filled parts by name. Instants are aware."""
        texts = {
            name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
            for name, value in parts.items()
        }
        named = [part for name in sorted(texts) for part in (name, texts[name])]
        return self._digest(b"".join(map(_frame, ["scope", *named])))

    def _digest(self, message: bytes) -> bytes:
        """HMAC (RFC 2104) that goes through the key once in a process, not once for each item."""
        inner, outer = _keyed(self.key)
        inner, outer = inner.copy(), outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()


def _frame(part: str) -> bytes:
    """The part with its length, so that no two lists of parts give the same bytes."""
    text = part.encode()
    return len(text).to_bytes(4, "big") + text


@lru_cache(maxsize=256)
def _framed(*parts: str) -> bytes:
    """What many messages begin with: names of kinds and places, of which there are few."""
    return b"".join(map(_frame, parts))


@lru_cache(maxsize=8)
def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"retention key id" + key).hexdigest()[:16]


@lru_cache(maxsize=8)
def _keyed(key: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """The inner and the outer SHA-256, each after the key in a block of its own."""
    block = (key if len(key) <= _BLOCK_BYTES else hashlib.sha256(key).digest()).ljust(_BLOCK_BYTES, b"\0")
    return (
        hashlib.sha256(bytes(byte ^ 0x36 for byte in block)),
        hashlib.sha256(bytes(byte ^ 0x5C for byte in block)),
    )


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
