"""Check a certificate with nothing but a public key: no database, no network, no code that made it but hashing.

What is checked: every byte against the seal; the tree head against its signature; each entry against the tree head, by its Merkle
proof; and what the certificate states against what the entries say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from retention.errors import RequestError
from retention.evidence.entry import entry_bytes
from retention.evidence.merkle_proofs import proves_inclusion
from retention.evidence.sealing import differences, unsealed
from retention.evidence.signing import PublicKeys
from retention.evidence.tree_head import TreeHead

SCHEMA = "retention/certificate/1"
_NO_FORM = (KeyError, TypeError, ValueError, AttributeError)
"""What a document of another form raises where it is read."""


def read_certificate(text: str, source: str) -> dict[str, Any]:
    """The certificate in this text, unchecked. Raises RequestError for a text that is none."""
    document = unsealed(text, source)
    if document.get("schema") != SCHEMA:
        raise RequestError(f"{source}: found another document than a certificate; expected schema {SCHEMA}")
    return document


def problems(text: str, document: Mapping[str, Any], keys: PublicKeys) -> list[str]:
    """Everything that is wrong with a certificate, in words; nothing where it holds."""
    found = differences(text, document, keys)
    try:
        found += _wrong(document, keys)
    except _NO_FORM:
        found.append("a part that a certificate has is missing, or has another form")
    return found


def _wrong(document: Mapping[str, Any], keys: PublicKeys) -> Iterator[str]:
    head = TreeHead.from_fields(document["tree_head"])
    if not keys.fits(head.key, head.statement, head.signature):
        yield "tree_head: its signature is none of the given keys'"
    beside = [entry for entry in document["beside"].values() if entry is not None]
    for entry in [*document["entries"], *beside]:
        row = {**entry, "at": datetime.fromisoformat(entry["at"]), "prev_hash": bytes.fromhex(entry["prev_hash"])}
        if not proves_inclusion(entry_bytes(row), entry["seq"], head.size, bytes.fromhex(head.root), entry["proof"]):
            yield f"entry {entry['seq']}: its proof does not show that it is in the signed ledger"
    yield from _BY_KIND[document["subject"]["kind"]](document)


def _of_run(document: Mapping[str, Any]) -> Iterator[str]:
    """The counts of a run are those of its entries, all of which are of its plan."""
    plan, statement = document["subject"]["plan"], document["statement"]
    closed, gone, digests = None, 0, set()
    for kind, body in _bodies(document):
        if body.get("plan", body.get("plan_id")) != plan:
            yield f"an entry of kind {kind} is of another plan"
        gone += body["gone"] if kind == "result" else 0
        digests |= {body["digest"]} if kind == "plan" else set()
        closed = body if kind == "plan_result" else closed
    if digests != {statement["digest"]}:
        yield "statement/digest: another than the plan's"
    for name in ("planned", "gone", "recovered", "spared"):
        if closed is None or closed[name] != statement[name]:
            yield f"statement/{name}: another than in the ledger's entry on the plan's result"
    if gone != statement["gone"]:
        yield f"statement/gone: {statement['gone']}; the entries of its batches say {gone}"


def _of_customer(document: Mapping[str, Any]) -> Iterator[str]:
    """What went of a customer is no more than what went in those batches, and the places add up."""
    statement = document["statement"]
    if sum(place["gone"] for place in statement["places"]) != statement["gone"]:
        yield "statement/gone: another than the sum of its places"
    went = sum(body["gone"] + body["recovered"] for kind, body in _bodies(document) if kind == "result")
    if went < statement["gone"]:
        yield f"statement/gone: {statement['gone']}; the entries of its batches say {went}"


_BY_KIND = {"run": _of_run, "customer": _of_customer}


def _bodies(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((entry["kind"], json.loads(entry["body"])) for entry in document["entries"])
