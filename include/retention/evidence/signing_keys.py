"""Which keys signed for this ledger: each is announced in it, and every one but the first by the signature of the one before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from retention.database import OwnConnection
from retention.errors import EvidenceError, RequestError
from retention.evidence import ledger
from retention.evidence.entry import canonical
from retention.evidence.people import require_person_and_reason
from retention.evidence.signing import PublicKeys, SignedFor, Signer, pem_of

KIND = "signing_key"


def require_announced(own: OwnConnection, signer: Signer) -> None:
    """Announce the first key that signs for this ledger; raise EvidenceError for any other that is not the last announced."""
    announced = list(keys_of(own).keys)
    if not announced:
        _announce(own, signer, signer, {"replaces": None, "by": "first use", "reason": "first signing key"})
    elif announced[-1] != signer.key_id:
        raise EvidenceError(
            f"found signing key {signer.key_id}; expected {announced[-1]}, the last one announced in the ledger. "
            "Nothing was signed. Set that key again, or put the new one in its place with `python -m retention key rotate`."
        )


def rotate(own: OwnConnection, old: Signer, new: Signer, *, by: str, reason: str) -> None:
    """Announce `new` in the place of `old`, which signs that and nothing from then on.

    Raises RequestError without a person, a reason or a new key, EvidenceError where `old` was not the last one announced.
    """
    require_person_and_reason(by, reason)
    if new.key_id in keys_of(own).keys:
        raise RequestError(f"found signing key {new.key_id}, which was announced before; expected a new one")
    require_announced(own, old)
    _announce(own, new, old, {"replaces": old.key_id, "by": by, "reason": reason})


def keys_of(own: OwnConnection) -> PublicKeys:
    """The keys that were announced, each by the one that signed until then, and for which ledgers each signed.

    An entry of another form, or of a key that signed no more, announces nothing. Whoever can rewrite the whole ledger can
    announce keys of their own: an auditor compares with keys received elsewhere.
    """
    trusted, last = PublicKeys({}), None
    for seq, entry in _entries(own):
        key = _handed_over(entry, trusted, last)
        if key is None:
            continue
        ranges = dict(trusted.signed_for)
        if last is not None:
            ranges[last] = SignedFor(ranges[last].since, seq)
        trusted = PublicKeys({**trusted.keys, **key.keys}, ranges | {entry["key"]: SignedFor(seq)})
        last = entry["key"]
    return trusted


def _handed_over(entry: Mapping[str, Any], trusted: PublicKeys, last: str | None) -> PublicKeys | None:
    """The key that this entry announces, where the last one signed for it (the first for itself)."""
    try:
        key = PublicKeys.from_pem(entry["public"], "the ledger")
        by, signer = (key, entry["key"]) if last is None else (trusted, last)
        is_handed_over = entry["replaces"] == last and entry["signed_by"] == signer and set(key.keys) == {entry["key"]}
        return key if is_handed_over and by.fits(signer, _statement(entry), entry["signature"]) else None
    except (KeyError, TypeError, AttributeError, RequestError):
        return None


def _announce(own: OwnConnection, new: Signer, by: Signer, about: dict[str, Any]) -> None:
    body = {"key": new.key_id, "public": pem_of(new.public), "signed_by": by.key_id} | about
    ledger.append(own, KIND, body | {"signature": by.sign(_statement(body))})


def _statement(body: Mapping[str, Any]) -> bytes:
    return canonical({name: body[name] for name in ("key", "public", "signed_by", "replaces")}).encode()


def _entries(own: OwnConnection) -> list[tuple[int, dict[str, Any]]]:
    rows = own.execute("SELECT seq, body FROM retention.ledger WHERE kind = %s ORDER BY seq", (KIND,)).fetchall()
    return [(row["seq"], json.loads(row["body"])) for row in rows]
