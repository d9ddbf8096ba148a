"""Check a certificate with nothing but a public key: no database and no network.

What is checked: every byte against the seal; the tree head against its signature; each entry against the tree head, by its Merkle
proof; and that the certificate states what its entries say, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from retention.errors import PlanError, RequestError
from retention.evidence.entry import entry_bytes
from retention.evidence.merkle_proofs import proves_inclusion
from retention.evidence.run_entries import CLOSING, COUNTED, left_out, uncounted
from retention.evidence.sealing import differences, unsealed
from retention.evidence.shares import Shares, proves_share
from retention.evidence.signing import PublicKeys
from retention.evidence.tree_head import TreeHead

SCHEMA = "retention/certificate/1"
PARTS = {"schema", "certificate", "issued_at", "subject", "statement", "entries", "beside", "tree_head", "seal"}
PAPER = "paper"
"""The part that has the SHA-256 of each printed form, by its language; not every certificate has one."""
_NO_FORM = (KeyError, TypeError, ValueError, AttributeError, PlanError)
"""What a document of another form raises where it is read."""

Body = Mapping[str, Any]
"""What an entry of the ledger says."""


def read_certificate(text: str, source: str) -> dict[str, Any]:
    """The certificate in this text, unchecked. Raises RequestError for a text that is none."""
    document = unsealed(text, source)
    if document.get("schema") != SCHEMA:
        raise RequestError(f"{source}: found another document than a certificate; expected schema {SCHEMA}")
    return document


def problems(text: str, document: Mapping[str, Any], keys: PublicKeys) -> list[str]:
    """Everything that is wrong with a certificate, in words; nothing where it holds. What is left out comes first: it is why the
    seal's positions behind it have shifted."""
    left_out_of_it: list[str] = []
    found = differences(text, document, keys)
    try:
        found += _wrong(document, keys)
        left_out_of_it += _left_out(document)
    except _NO_FORM:
        found.append("a part that a certificate has is missing, or has another form")
    return [*left_out_of_it, *found]


def said_of_run(entries: Sequence[tuple[str, Body]]) -> dict[str, Any]:
    """What a run's entries (kind, body) say it did. Raises PlanError where its plan, its result or a batch is not among them."""
    plan = next((body for kind, body in entries if kind == "plan"), None)
    closed = next((body for kind, body in reversed(entries) if kind == CLOSING), None)
    gone = sum(body["gone"] for kind, body in entries if kind == "result")
    if plan is None or closed is None or gone != closed["gone"]:
        raise PlanError(
            "found no plan, no result or not all batches of a run in the ledger; expected them. Nothing was certified."
        )
    return {
        **{name: plan[name] for name in ("category", "coverage", "as_of", "digest", "policy_version")},
        "rules_digest": plan["rule_digest"],
        **{name: closed[name] for name in ("action", "planned", "gone", "recovered", "spared", "failed")},
    }


def said_of_customer(entries: Sequence[tuple[str, Body, Mapping[str, Any]]]) -> dict[str, Any]:
    """What batches' entries (instant, body, the customer's share) say went, in all and by category and place."""
    places: dict[tuple[str, str], dict[str, Any]] = {}
    for at, body, share in entries:
        place = places.setdefault((body["category"], body["place"]), {"gone": 0, "first_at": at, "last_at": at})
        place["gone"] += share["gone"]
        place["first_at"], place["last_at"] = min(at, place["first_at"]), max(at, place["last_at"])
    named = [{"category": category, "place": place, **counts} for (category, place), counts in sorted(places.items())]
    return {"gone": sum(place["gone"] for place in named), "places": named}


def _wrong(document: Mapping[str, Any], keys: PublicKeys) -> Iterator[str]:
    if document.keys() - {PAPER} != PARTS:
        yield "it has other parts than a certificate"
    head = TreeHead.from_fields(document["tree_head"])
    yield from _wrong_keys(document, head, keys)
    beside = [entry for entry in document["beside"].values() if entry is not None]
    for entry in [*document["entries"], *beside]:
        row = {**entry, "at": datetime.fromisoformat(entry["at"]), "prev_hash": bytes.fromhex(entry["prev_hash"])}
        if not proves_inclusion(entry_bytes(row), entry["seq"], head.size, bytes.fromhex(head.root), entry["proof"]):
            yield f"entry {entry['seq']}: its proof does not show that it is in the signed ledger"
    yield from _BY_KIND[document["subject"]["kind"]](document)


def _wrong_keys(document: Mapping[str, Any], head: TreeHead, keys: PublicKeys) -> Iterator[str]:
    sealed_by = document["seal"]["key"]
    if not keys.fits(head.key, head.statement, head.signature):
        yield "tree_head: its signature is none of the given keys'"
    if not keys.signs_heads_of(head.key, head.size):
        yield f"tree_head: its key did not sign when the ledger had {head.size} entries"
    if not keys.seals_over(sealed_by, head.size):
        yield f"seal: its key had been replaced when the ledger had {head.size} entries"


def _of_run(document: Mapping[str, Any]) -> Iterator[str]:
    """It states what the entries of its plan say; the rules beside are the plan's, the check began after the last batch."""
    bodies = [(entry["kind"], json.loads(entry["body"])) for entry in document["entries"]]
    for kind, body in bodies:
        if body.get("plan", body.get("plan_id")) != document["subject"]["plan"]:
            yield f"an entry of kind {kind} is of another plan"
    if any(_missing(document["entries"])):  # told first (problems): what the rest states would not fit
        return
    said = said_of_run(bodies)
    yield from _unlike(document["statement"], said)
    documents, check = _body(document, "documents"), _body(document, "check_after")
    if documents is not None and documents["rules_digest"] != said["rules_digest"]:
        yield "beside/documents: other rules than the plan's"
    if check is not None:
        last = max(entry["at"] for entry in document["entries"] if entry["kind"] != CLOSING)
        began = datetime.fromisoformat(check["started_at"])
        if began <= datetime.fromisoformat(last) or said["category"] not in check["categories"]:
            yield "beside/check_after: a check that began before the run ended, or of other categories"


def is_complete(document: Mapping[str, Any]) -> bool:
    """Whether a certificate that holds has every entry of what it is about: of a run whose closing entry counts them. Nothing in
    the ledger counts a customer's."""
    return document["subject"]["kind"] == "run" and COUNTED in json.loads(document["entries"][-1]["body"])


def _left_out(document: Mapping[str, Any]) -> Iterator[str]:
    """What can be seen to be left out: of a run whatever its closing entry counts, of a customer's entries nothing."""
    return _missing(document["entries"]) if document["subject"]["kind"] == "run" else iter(())


def _missing(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What a run's closing entry counts has to be there, and nothing else; it comes last, and then nothing had failed."""
    if not entries or entries[-1]["kind"] != CLOSING:
        yield f"the run's closing entry ({CLOSING}) is left out"
        return
    *others, closing = entries
    body = json.loads(closing["body"])
    if body["failed"]:
        yield f"entry {closing['seq']}: some had failed then; a later closing entry of the run ({CLOSING}) is left out"
    numbers = [entry["seq"] for entry in others]
    yield from (f"entry {number} is left out: the run's closing entry counts it" for number in left_out(numbers, body))
    if COUNTED in body and (list(uncounted(numbers, body)) or sorted({*numbers}) != numbers):
        yield "entries: some that the run's closing entry does not count, or in another order"


def _of_customer(document: Mapping[str, Any]) -> Iterator[str]:
    """It states what its entries say of this customer, each once, all in its period."""
    subject, entries = document["subject"], document["entries"]
    for entry in entries:
        body = json.loads(entry["body"])
        shares = Shares(body["tenants"], body["tenants_root"])
        if not proves_share(entry["share"], subject["tenant"], bytes.fromhex(subject["salt"]), shares):
            yield f"entry {entry['seq']}: its proof does not show how much of the batch was this customer's"
        if not subject["since"] <= entry["at"] < subject["until"] or entry["kind"] not in ("result", "recovery"):
            yield f"entry {entry['seq']}: not of the period, or not about what went"
    if len({entry["seq"] for entry in entries}) != len(entries):
        yield "an entry stands there twice"
    said = said_of_customer([(entry["at"], json.loads(entry["body"]), entry["share"]) for entry in entries])
    yield from _unlike(document["statement"], said)


_BY_KIND = {"run": _of_run, "customer": _of_customer}


def _unlike(statement: Mapping[str, Any], said: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*statement, *said}):
        if name not in said or name not in statement or statement[name] != said[name]:
            yield f"statement/{name}: another than what the ledger's entries say"


def _body(document: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    entry = document["beside"][name]
    return json.loads(entry["body"]) if entry is not None else None
