"""Whether the ledger still is what was signed. Written apart from what signs, from docs/evidence.md alone."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from retention.database import OwnConnection

SIGNED_WITHIN = timedelta(hours=3)
"""The ledger is signed hourly; one run may be missed. What is older has to be under a head."""

_HEADS = "SELECT log, size, root, at, key, signature FROM retention.tree_heads ORDER BY size, at"


class SignedHeads:
    """Takes the ledger's entries one after the other, and compares its Merkle root (RFC 9162 §2.1.1) with each signed head: with
    those in our own database, and with `anchored` ones, which were read elsewhere before."""

    def __init__(self, own: OwnConnection, anchored: Sequence[Mapping[str, Any]] = ()) -> None:
        self._heads, self._anchored = own.execute(_HEADS).fetchall(), anchored
        self._signed_at = {head["size"] for head in self._heads}
        self._roots = dict.fromkeys(self._signed_at | {head["size"] for head in anchored}, "")
        self._lost: list[tuple[int, datetime]] = []  # beyond which entry a restore lost what was signed before when
        self._stack: list[tuple[int, bytes]] = []  # roots of whole subtrees with their sizes, the largest first
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._since: list[tuple[int, str]] = []  # from which entry on which key signs
        self._log, self._size = "", 0
        self._unsigned_since: datetime | None = None

    def take(self, row: Mapping[str, Any], entry: bytes) -> None:
        """The next entry, and its bytes as they are chained."""
        self._size += 1
        if self._size == 1:
            self._log = hashlib.sha256(entry).hexdigest()
        if row["kind"] == "signing_key":
            self._announce(json.loads(row["body"]))
        if row["kind"] == "restore_confirmed":
            self._note_restore(row)
        self._add(hashlib.sha256(b"\x00" + entry).digest())
        self._unsigned_since = self._unsigned_since or row["at"]
        if self._size in self._roots:
            self._roots[self._size] = self._root().hex()
        if self._size in self._signed_at:
            self._unsigned_since = None

    def troubles(self, now: datetime) -> tuple[dict[str, int], dict[str, int]]:
        """What doesn't fit what was signed; and what nobody signed for too long."""
        wrong = {"signed_head_does_not_fit": 1} if not all(map(self._fits, self._heads)) else {}
        bad = [head for head in self._anchored if not (self._fits(head) and self._is_signed(head))]
        unlike = sum(self._confirmed(head) is None for head in bad)
        wrong |= {"anchored_head_does_not_fit": unlike} if unlike else {}
        if not all(map(self._is_signed, self._heads)):
            wrong["signature_does_not_fit"] = 1
        since = self._unsigned_since
        return wrong, {"unsigned_for_long": 1} if since is not None and now - since > SIGNED_WITHIN else {}

    def lost(self, since: datetime) -> int:
        """How many of the anchored heads are over entries that are in the ledger no more, because a restore lost them, as
        somebody confirmed since then."""
        return sum(at is not None and at >= since for at in map(self._lost_at, self._anchored))

    def unanchored(self, now: datetime) -> dict[str, int]:
        """How many heads were signed long ago, and are beyond every one that is anchored. One that a restore lost reaches
        nowhere."""
        there = (head["size"] for head in self._anchored if self._lost_at(head) is None)
        furthest = max(there, default=0)
        missing = sum(head["size"] > furthest and now - head["at"] > SIGNED_WITHIN for head in self._heads)
        return {"anchor_lacks_heads": missing} if missing else {}

    def _lost_at(self, head: Mapping[str, Any]) -> datetime | None:
        """When the first restore was confirmed that lost this head; None where it still fits, or none lost it."""
        return self._confirmed(head) if not self._fits(head) else None

    def _fits(self, head: Mapping[str, Any]) -> bool:
        return (head["root"], head["log"]) == (self._roots[head["size"]], self._log)

    def _confirmed(self, head: Mapping[str, Any]) -> datetime | None:
        """When somebody first confirmed a restore of a ledger that ended before this head, after it was signed."""
        return next((at for fits, at in self._lost if head["size"] > fits and head["at"] < at), None)

    def _note_restore(self, row: Mapping[str, Any]) -> None:
        fits = json.loads(row["body"])["fits"]
        if fits is not None:
            self._lost.append((fits, row["at"]))

    def _add(self, leaf: bytes) -> None:
        size, node = 1, leaf
        while self._stack and self._stack[-1][0] == size:
            node = hashlib.sha256(b"\x01" + self._stack.pop()[1] + node).digest()
            size *= 2
        self._stack.append((size, node))

    def _root(self) -> bytes:
        *larger, (_, node) = self._stack
        for _, left in reversed(larger):
            node = hashlib.sha256(b"\x01" + left + node).digest()
        return node

    def _announce(self, body: Mapping[str, Any]) -> None:
        """Take the key, where the one that signed until then signed for it; the first signs for itself."""
        last = self._since[-1][1] if self._since else None
        try:
            key = load_pem_public_key(body["public"].encode())
            assert isinstance(key, Ed25519PublicKey) and body["replaces"] == last
            by = self._keys[last] if last is not None else key
            statement = {name: body[name] for name in ("key", "public", "signed_by", "replaces")}
            by.verify(base64.b64decode(body["signature"]), _tight(statement))
        except (KeyError, ValueError, TypeError, AttributeError, AssertionError, InvalidSignature):
            return  # it announces nothing: what such a key signs is found
        key_id = hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]
        self._keys[key_id] = key
        self._since.append((self._size, key_id))

    def _is_signed(self, head: Mapping[str, Any]) -> bool:
        statement = {name: head[name] for name in ("log", "size", "root", "key")}
        at = head["at"].astimezone(UTC).isoformat()
        try:
            self._keys[head["key"]].verify(
                base64.b64decode(head["signature"]),
                _tight(statement | {"at": at, "schema": "retention/tree-head/1"}),
            )
        except (KeyError, ValueError, InvalidSignature):
            return False
        return [key for since, key in self._since if since <= head["size"]][-1:] == [head["key"]]


def _tight(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
