"""Somebody who has read nothing but docs/evidence.md and RFC 9162 checks a certificate with none of our code."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.evidence.test_certificates import SIGNER, of_run, own, run  # noqa: F401  # fixtures

from retention.database import OwnConnection
from retention.disposal.plan import PlanSummary
from retention.evidence.sealing import seal


def tight(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def holds(text: str, key: Ed25519PublicKey) -> None:
    """Raises AssertionError or InvalidSignature for a certificate that does not hold."""
    document = json.loads(text)
    sealed = document.pop("seal")
    assert text == json.dumps({**document, "seal": sealed}, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    key.verify(base64.b64decode(sealed["signature"]), tight({"key": sealed["key"], "parts": sealed["parts"]}))
    for name, value in document.items():
        assert sealed["parts"][name] == hashlib.sha256(tight(value)).hexdigest()
    head = dict(document["tree_head"])
    signature = head.pop("signature")
    key.verify(base64.b64decode(signature), tight(head))
    for entry in document["entries"]:
        raw = (
            bytes.fromhex(entry["prev_hash"])
            + "\n".join((str(entry["seq"]), entry["at"], entry["kind"], entry["body"])).encode()
        )
        included(raw, entry["seq"] - 1, head["size"], entry["proof"]["path"], head["root"])


def included(entry: bytes, index: int, size: int, path: list[str], root: str) -> None:
    """RFC 9162 §2.1.3.2; a path begins with the leaf."""
    node, last = hashlib.sha256(b"\x00" + entry).digest(), size - 1
    leaf, *siblings = (bytes.fromhex(one) for one in path)
    assert leaf == node
    for sibling in siblings:
        assert last != 0
        if index & 1 or index == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while not index & 1 and index != 0:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        index, last = index >> 1, last >> 1
    assert last == 0 and node.hex() == root


def test_the_page_says_enough_to_check_a_certificate(own: OwnConnection, run: PlanSummary) -> None:  # noqa: F811
    holds(seal(of_run(own, run), SIGNER), SIGNER.public)
