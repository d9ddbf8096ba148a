"""Certificates: what was deleted in one run, or of one customer in a period, with the ledger's entries that say so.

A certificate states what its entries say, nothing else: no table that could have been changed since goes into it. Each entry
comes with its bytes and a Merkle proof that it is in the ledger under the signed tree head, so that whoever has our public key
can check it without us (`retention.evidence.certificate_check`).
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from retention.database import OwnConnection, database_time
from retention.errors import EvidenceError, PlanError, RequestError
from retention.evidence.certificate_check import SCHEMA, said_of_customer, said_of_run
from retention.evidence.entry import instant_text
from retention.evidence.hashing import ItemHasher
from retention.evidence.merkle_log import LedgerTree, inclusion
from retention.evidence.run_entries import CLOSING, entries_of_run
from retention.evidence.shares import Shares, prove_share, shares_of
from retention.evidence.tree_head import TreeHead

_OF_BATCHES = """
SELECT seq, at, kind, body, prev_hash FROM retention.ledger
WHERE kind IN ('plan', 'approval', 'intent', 'result', 'recovery', 'plan_result')
    AND coalesce(body::jsonb ->> 'plan', body::jsonb ->> 'plan_id') = ANY(%s)
ORDER BY seq
"""
_BATCHES_OF_TENANT = """
SELECT DISTINCT plan_id, batch_no FROM retention.disposed_items WHERE tenant_id = %s AND gone_at >= %s AND gone_at < %s
"""
_TENANTS_OF_BATCHES = """
SELECT plan_id, batch_no, gone_at, array_agg(tenant_id) AS tenants FROM retention.disposed_items
WHERE (plan_id, batch_no) IN (SELECT * FROM unnest(%s::uuid[], %s::integer[]))
GROUP BY plan_id, batch_no, gone_at ORDER BY gone_at
"""
# The rules that the run was planned by, and the first check of its category that looked after all had gone.
_DOCUMENTS = """
SELECT seq, at, kind, body, prev_hash FROM retention.ledger
WHERE kind = 'documents' AND seq <= %s AND body::jsonb ->> 'rules_digest' = %s ORDER BY seq DESC LIMIT 1
"""
_CHECK_AFTER = """
SELECT seq, at, kind, body, prev_hash FROM retention.ledger
WHERE kind = 'check' AND seq <= %s AND (body::jsonb ->> 'started_at')::timestamptz > %s
    AND body::jsonb -> 'categories' ? %s
ORDER BY (body::jsonb ->> 'started_at')::timestamptz LIMIT 1
"""
_PRUNED = """
SELECT max((body::jsonb ->> 'before')::timestamptz) AS before FROM retention.ledger
WHERE kind = 'records_pruned' AND body::jsonb ->> 'record' = 'disposed_items'
"""
_NOTHING_BESIDE = {"documents": None, "check_after": None}
_SLACK = timedelta(hours=1)
"""More than lies between an item's going and its entry in the ledger."""

Entry = Mapping[str, Any]
"""A row of the ledger."""


def certify_run(own: OwnConnection, head: TreeHead, plan_id: UUID) -> dict[str, Any]:
    """What one executed plan did, under a head that was signed after it, as JSON values without a seal.

    Raises RequestError for an unknown plan, PlanError for one that is not finished, or finished after the head.
    """
    plan = own.execute("SELECT state FROM retention.plans WHERE plan_id = %s", (plan_id,)).fetchone()
    if plan is None:
        raise RequestError(
            f"found no plan {plan_id}; expected the id that `plan` printed, or `summary --json` has as `plan_id`"
        )
    if plan["state"] != "done":
        raise PlanError(
            f"plan {plan_id} is {plan['state']}; expected one that was executed to its end. Nothing was certified."
        )
    entries = entries_of_run(own, plan_id)
    said = said_of_run([(entry["kind"], json.loads(entry["body"])) for entry in entries])
    ended = _last_result(entries)
    documents = own.execute(_DOCUMENTS, (head.size, said["rules_digest"])).fetchone()
    check = own.execute(_CHECK_AFTER, (head.size, ended, said["category"])).fetchone()
    beside = {"documents": documents, "check_after": check}
    return _certificate(own, head, {"kind": "run", "plan": str(plan_id)}, said, entries, beside)


def certify_customer(
    own: OwnConnection, hasher: ItemHasher, head: TreeHead, tenant_id: str, since: datetime, until: datetime
) -> dict[str, Any]:
    """What went of one customer (Art. 28 GDPR) by entries of `since <= at < until`, by category and place, as JSON values without
    a seal.

    Raises RequestError for a period that is empty or reaches beyond the head, and where nothing of that customer went in it: that
    may be a misspelt name, and a certificate over nothing would look like one over everything; and for a period whose records
    have gone. Raises EvidenceError where what is kept of the items that went is not what the ledger says.
    """
    if not since < until <= head.at:
        raise RequestError(
            f"found the period {instant_text(since)} to {instant_text(until)}; expected its end after its beginning, and not "
            f"after {instant_text(head.at)}, when the ledger was signed"
        )
    _require_kept(own, since)
    batches = own.execute(_BATCHES_OF_TENANT, (tenant_id, since - _SLACK, until)).fetchall()
    shares = _shares(own, hasher, tenant_id, [(row["plan_id"], row["batch_no"]) for row in batches])
    entries = [(entry, share) for entry, share in shares if since <= entry["at"] < until]
    if not entries:
        raise RequestError(
            f"found nothing that went of customer {tenant_id!r} in the period; expected a customer's id as the sources have it, "
            "and a period in which something went"
        )
    period = {"since": instant_text(since), "until": instant_text(until)}
    subject = {"kind": "customer", "tenant": tenant_id, "salt": hasher.salt(tenant_id).hex(), **period}
    said = said_of_customer([(instant_text(entry["at"]), json.loads(entry["body"]), share) for entry, share in entries])
    document = _certificate(own, head, subject, said, [entry for entry, _ in entries], _NOTHING_BESIDE)
    for proven, (_, share) in zip(document["entries"], entries, strict=True):
        proven["share"] = share
    return document


def _require_kept(own: OwnConnection, since: datetime) -> None:
    """Raise RequestError for a period of which we let our own records go: a certificate over the rest would look whole."""
    row = own.execute(_PRUNED).fetchone()
    if row is not None and row["before"] is not None and since - _SLACK < row["before"]:
        raise RequestError(
            f"found a period from {instant_text(since)}; expected one from {instant_text(row['before'] + _SLACK)} on: what is "
            "recorded of items that went before has gone in its time (docs/records.md)"
        )


def _shares(
    own: OwnConnection, hasher: ItemHasher, tenant_id: str, batches: Sequence[tuple[UUID, int]]
) -> list[tuple[Entry, dict[str, Any]]]:
    """Each entry of these batches with the customer's proven share in it. What one entry recorded went at one instant."""
    went: dict[tuple[str, int], list[list[str | None]]] = defaultdict(list)
    for row in own.execute(_TENANTS_OF_BATCHES, ([plan for plan, _ in batches], [number for _, number in batches])):
        went[str(row["plan_id"]), row["batch_no"]].append(row["tenants"])
    found = list[tuple[Entry, dict[str, Any]]]()
    for entry in own.execute(_OF_BATCHES, (sorted({str(plan) for plan, _ in batches}),)).fetchall():
        body = json.loads(entry["body"])
        key = (body.get("plan"), body.get("batch"))
        if (
            entry["kind"] not in ("result", "recovery")
            or key not in went
            or not body.get("gone", 0) + body["recovered"]
        ):
            continue
        tenants = went[key].pop(0) if went[key] else []
        if shares_of(hasher, tenants) != Shares(body.get("tenants", -1), body.get("tenants_root", "")):
            raise EvidenceError(
                f"entry {entry['seq']} of the ledger: found other items recorded than it speaks of; expected disposed_items as "
                "they were written. Nothing was certified. Compare our own database with a backup (docs/evidence.md)."
            )
        if tenant_id in tenants:
            found.append((entry, prove_share(hasher, tenants, tenant_id)))
    return found


def _last_result(entries: Iterable[Entry]) -> datetime:
    """When the last batch was recorded."""
    at: datetime = max(entry["at"] for entry in entries if entry["kind"] != CLOSING)
    return at


def _certificate(
    own: OwnConnection,
    head: TreeHead,
    subject: Mapping[str, Any],
    statement: Mapping[str, Any],
    entries: Sequence[Entry],
    beside: Mapping[str, Entry | None],
) -> dict[str, Any]:
    if entries[-1]["seq"] > head.size:
        raise PlanError(
            "found entries that no signed tree head covers yet; expected `ledger sign` to have run since. Nothing was certified: "
            "sign, and ask again."
        )
    tree = LedgerTree.read(own, head.size)
    if tree.get_root().hex() != head.root:
        raise EvidenceError(
            f"found another ledger than the tree head of {instant_text(head.at)} was signed over; expected the same. Nothing was "
            "certified. `ledger verify` names the first entry in doubt (docs/evidence.md)."
        )
    return {
        "schema": SCHEMA,
        "certificate": str(uuid.uuid4()),
        "issued_at": instant_text(database_time(own)),
        "subject": dict(subject),
        "statement": dict(statement),
        "entries": [_proven(tree, head, entry) for entry in entries],
        "beside": {name: _proven(tree, head, entry) if entry is not None else None for name, entry in beside.items()},
        "tree_head": json.loads(head.to_json()),
    }


def _proven(tree: LedgerTree, head: TreeHead, entry: Entry) -> dict[str, Any]:
    """The entry as it is chained, with the proof that it is in the ledger."""
    return {
        **entry,
        "at": instant_text(entry["at"]),
        "prev_hash": bytes(entry["prev_hash"]).hex(),
        "proof": inclusion(tree, entry["seq"], head.size),
    }
