"""Signatures (Ed25519, RFC 8032) over tree heads and certificates: the key that signs, and the keys that somebody trusts."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from retention.errors import MissingKey, RequestError

FILE_VARIABLE = "RETENTION_SIGNING_KEY_FILE"
VARIABLE = "RETENTION_SIGNING_KEY"
_PUBLIC_BLOCK = re.compile(
    r"(?:^Entries: (?P<since>\d+)-(?P<before>\d*)\s+)?(?P<pem>-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----)",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Signer:
    """One private key."""

    key: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def new(cls) -> Signer:
        """A new random key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, text: str, source: str) -> Signer:
        """The key of a PEM file (PKCS #8, without a password). Raises RequestError, which names the source alone."""
        try:
            key = load_pem_private_key(text.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise RequestError(
                f"{source}: found no Ed25519 private key in PEM without a password; expected one. "
                "`python -m retention key new --out FILE` makes one."
            )
        return cls(key)

    def to_pem(self) -> str:
        """The private key, for a file that only its owner may read."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @property
    def public(self) -> Ed25519PublicKey:
        """The key that checks what this one signs."""
        return self.key.public_key()

    @property
    def key_id(self) -> str:
        """Names the key."""
        return key_id_of(self.public)

    def sign(self, message: bytes) -> str:
        """The signature, 64 bytes in base64."""
        return base64.b64encode(self.key.sign(message)).decode()


def signer_from(secret: Callable[[str], str | None] | None = None) -> Signer:
    """The signing key: from the file that `RETENTION_SIGNING_KEY_FILE` names, else the PEM text of `RETENTION_SIGNING_KEY`, else
    from `secret` (a secrets backend; None: there is none), which is asked for `retention_signing_key`.

    Raises MissingKey where none of them has one, RequestError for one that can't be used.
    """
    path = os.environ.get(FILE_VARIABLE)
    if path:
        return Signer.from_pem(_read(Path(path)), FILE_VARIABLE)
    text = os.environ.get(VARIABLE)
    if text:
        return Signer.from_pem(text, VARIABLE)
    name = VARIABLE.lower()
    kept = secret(name) if secret is not None else None
    if kept:
        return Signer.from_pem(kept, f"secret {name!r}")
    raise MissingKey(
        f"found no signing key; expected {FILE_VARIABLE}, {VARIABLE} or, in Airflow, a variable {name}. "
        "`python -m retention key new --out FILE` makes one."
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        raise RequestError(
            f"{FILE_VARIABLE}: found no readable text file; expected an Ed25519 private key in PEM"
        ) from None


class SignedFor(NamedTuple):
    """The ledgers that a key signed for: of `since` entries or more, and fewer than `before` (None: it still signs)."""

    since: int = 0
    before: int | None = None


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """Trusted keys by their ids; of those that `signed_for` knows, for which sizes of the ledger: a key that was replaced counts
    no more from then on."""

    keys: Mapping[str, Ed25519PublicKey]
    signed_for: Mapping[str, SignedFor] = field(default_factory=dict)

    @classmethod
    def from_pem(cls, text: str, source: str) -> PublicKeys:
        """All keys of a PEM file, which may hold several: those that signed before a rotation, too. A line `Entries: 3-120`
        before a key says for which ledgers it signed, as `to_pem` writes it.

        Raises RequestError for a file without any, or with another kind of key.
        """
        keys, signed_for = {}, {}
        for block in _PUBLIC_BLOCK.finditer(text):
            key = _public(block["pem"], source)
            keys[key_id_of(key)] = key
            if block["since"] is not None:
                signed_for[key_id_of(key)] = SignedFor(
                    int(block["since"]), int(block["before"]) if block["before"] else None
                )
        if not keys:
            raise RequestError(f"{source}: found no public key; expected Ed25519 public keys in PEM")
        return cls(keys, signed_for)

    def to_pem(self) -> str:
        """All keys, each after a line that says for which ledgers it signed."""
        return "".join(f"{self._line(key_id)}\n{pem_of(key)}" for key_id, key in self.keys.items())

    def _line(self, key_id: str) -> str:
        signed_for = self._of(key_id)
        return f"Entries: {signed_for.since}-{signed_for.before or ''}"

    def _of(self, key_id: str) -> SignedFor:
        return self.signed_for.get(key_id, SignedFor())

    def signs_heads_of(self, key_id: str, size: int) -> bool:
        """Whether this key signed heads of ledgers with so many entries."""
        return self._of(key_id).since <= size and self.seals_over(key_id, size)

    def seals_over(self, key_id: str, size: int) -> bool:
        """Whether this key was not yet replaced when the ledger had so many entries. A newer one may seal over an older head."""
        before = self._of(key_id).before
        return before is None or size < before

    def fits(self, key_id: str, message: bytes, signature: str) -> bool:
        """Whether the key of this id is trusted and made this signature over the message."""
        key = self.keys.get(key_id)
        if key is None:
            return False
        try:
            raw = base64.b64decode(signature, validate=True)
            key.verify(raw, message)
        except (InvalidSignature, ValueError):
            return False
        return base64.b64encode(raw).decode() == signature  # one signature has one form


def _public(block: str, source: str) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(block.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise RequestError(f"{source}: found a public key that is none of Ed25519; expected Ed25519 public keys in PEM")
    return key


def key_id_of(key: Ed25519PublicKey) -> str:
    """Names a public key: the first 16 hex digits of the SHA-256 over its 32 bytes."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def pem_of(key: Ed25519PublicKey) -> str:
    """The public key as PEM."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
