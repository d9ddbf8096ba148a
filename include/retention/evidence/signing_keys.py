"""Which keys signed for this ledger: each is announced in it, and every one but the first by the signature of the one before."""

from __future__ import annotations

import json
from typing import Any

from retention.database import OwnConnection
from retention.errors import EvidenceError, RequestError
from retention.evidence import ledger
from retention.evidence.entry import canonical
from retention.evidence.people import require_person_and_reason
from retention.evidence.signing import PublicKeys, Signer, pem_of

KIND = "signing_key"


def require_announced(own: OwnConnection, signer: Signer) -> None:
    """Announce the first key that signs for this ledger; raise EvidenceError for any other that is not the last announced."""
    announced = _announced(own)
    if not announced:
        _announce(own, signer, signer, {"replaces": None, "by": "first use", "reason": "first signing key"})
    elif announced[-1]["key"] != signer.key_id:
        raise EvidenceError(
            f"found signing key {signer.key_id}; expected {announced[-1]['key']}, the last one announced in the ledger. "
            "Nothing was signed. Set that key again, or put the new one in its place with `python -m retention key rotate`."
        )


def rotate(own: OwnConnection, old: Signer, new: Signer, *, by: str, reason: str) -> None:
    """Announce `new` in the place of `old`, which signs that and nothing from then on.

    Raises RequestError without a person, a reason or a new key, EvidenceError where `old` was not the last one announced.
    """
    require_person_and_reason(by, reason)
    if new.key_id in {entry["key"] for entry in _announced(own)}:
        raise RequestError(f"found signing key {new.key_id}, which was announced before; expected a new one")
    require_announced(own, old)
    _announce(own, new, old, {"replaces": old.key_id, "by": by, "reason": reason})


def keys_of(own: OwnConnection) -> PublicKeys:
    """The keys that were announced, as far as each was signed by the one before it.

    Whoever can rewrite the whole ledger can announce keys of their own: an auditor compares with keys received elsewhere.
    """
    trusted = PublicKeys({})
    for entry in _announced(own):
        own_keys = PublicKeys.from_pem(entry["public"], "the ledger")
        by = own_keys if entry["replaces"] is None and not trusted.keys else trusted
        if not by.fits(entry["signed_by"], _statement(entry), entry["signature"]):
            break
        trusted = PublicKeys({**trusted.keys, **own_keys.keys})
    return trusted


def _announce(own: OwnConnection, new: Signer, by: Signer, about: dict[str, Any]) -> None:
    body = {"key": new.key_id, "public": pem_of(new.public), "signed_by": by.key_id} | about
    ledger.append(own, KIND, body | {"signature": by.sign(_statement(body))})


def _statement(body: dict[str, Any]) -> bytes:
    return canonical({name: body[name] for name in ("key", "public", "signed_by", "replaces")}).encode()


def _announced(own: OwnConnection) -> list[dict[str, Any]]:
    rows = own.execute("SELECT body FROM retention.ledger WHERE kind = %s ORDER BY seq", (KIND,)).fetchall()
    return [json.loads(row["body"]) for row in rows]
