"""Certificates: what was deleted in one run, or of one customer in a period, with the ledger's entries that say so.

Each entry comes with its bytes and a Merkle proof that it is in the ledger under the signed tree head, so that whoever has our
public key can check it without us (`retention.evidence.certificate_check`).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from retention.database import OwnConnection, database_time
from retention.errors import PlanError, RequestError
from retention.evidence.certificate_check import SCHEMA
from retention.evidence.entry import instant_text
from retention.evidence.hashing import items_root
from retention.evidence.merkle_log import LedgerTree, inclusion
from retention.evidence.noted import CHECK, DOCUMENTS
from retention.evidence.tree_head import TreeHead

_OF_RUN = ("plan", "approval", "intent", "result", "recovery", "plan_result")
_ENTRIES_OF_PLAN = """
SELECT seq, at, kind, body, prev_hash FROM retention.ledger
WHERE coalesce(body::jsonb ->> 'plan', body::jsonb ->> 'plan_id') = %s AND kind = ANY(%s) ORDER BY seq
"""
_RESULTS_OF_BATCHES = """
SELECT seq, at, kind, body, prev_hash FROM retention.ledger
WHERE kind = 'result' AND (body::jsonb ->> 'plan', (body::jsonb ->> 'batch')::integer) IN
    (SELECT * FROM unnest(%s::text[], %s::integer[]))
ORDER BY seq
"""
_FIRST_AFTER = """
SELECT seq, at, kind, body, prev_hash FROM retention.ledger WHERE kind = %s AND seq > %s AND seq <= %s ORDER BY seq LIMIT 1
"""
_LAST_UNTIL = """
SELECT seq, at, kind, body, prev_hash FROM retention.ledger WHERE kind = %s AND seq <= %s ORDER BY seq DESC LIMIT 1
"""

Entry = Mapping[str, Any]
"""A row of the ledger."""


def certify_run(own: OwnConnection, head: TreeHead, plan_id: UUID) -> dict[str, Any]:
    """What one executed plan did, under a head that was signed after it, as JSON values without a seal.

    Raises RequestError for an unknown plan, PlanError for one that is not finished.
    """
    plan = own.execute(
        "SELECT run_id, category, coverage, as_of, state, result, rule_sentence, policy_version, digest FROM retention.plans "
        "WHERE plan_id = %s",
        (plan_id,),
    ).fetchone()
    if plan is None:
        raise RequestError(f"found no plan {plan_id}; expected the id that `plan`, `dispose` or the run's page shows")
    if plan["state"] != "done" or plan["result"] is None:
        raise PlanError(
            f"plan {plan_id} is {plan['state']}; expected one that was executed to its end. Nothing was certified."
        )
    entries = own.execute(_ENTRIES_OF_PLAN, (str(plan_id), list(_OF_RUN))).fetchall()
    statement = {name: plan["result"][name] for name in ("planned", "gone", "recovered", "spared", "failed", "action")}
    subject = {"kind": "run", "plan": str(plan_id), "run": plan["run_id"], "category": plan["category"]}
    about = {name: plan[name] for name in ("coverage", "rule_sentence", "policy_version", "digest")}
    return _certificate(own, head, subject, statement | about | {"as_of": instant_text(plan["as_of"])}, entries)


def certify_customer(
    own: OwnConnection, head: TreeHead, tenant_id: str, since: datetime, until: datetime
) -> dict[str, Any]:
    """What went of one customer (Art. 28 GDPR) in `since <= gone < until`, by category and place, as JSON values without a seal.

    Raises RequestError for a period that is empty or reaches beyond the head, and where nothing of that customer went in it: that
    may be a misspelt name, and a certificate over nothing would look like one over everything.
    """
    if not since < until <= head.at:
        raise RequestError(
            f"found the period {instant_text(since)} to {instant_text(until)}; expected its end after its beginning, and not "
            f"after {instant_text(head.at)}, when the ledger was signed"
        )
    rows = own.execute(
        "SELECT category, place, key_id, plan_id, batch_no, item_hash, outcome, gone_at FROM retention.disposed_items "
        "WHERE tenant_id = %s AND gone_at >= %s AND gone_at < %s ORDER BY category, place, key_id",
        (tenant_id, since, until),
    ).fetchall()
    if not rows:
        raise RequestError(
            f"found nothing that went of customer {tenant_id!r} in the period; expected a customer's id as the sources have it, "
            "and a period in which something went"
        )
    batches = sorted({(str(row["plan_id"]), row["batch_no"]) for row in rows})
    entries = own.execute(_RESULTS_OF_BATCHES, ([plan for plan, _ in batches], [no for _, no in batches])).fetchall()
    subject = {"kind": "customer", "tenant": tenant_id, "since": instant_text(since), "until": instant_text(until)}
    return _certificate(own, head, subject, {"gone": len(rows), "places": _by_place(rows)}, entries)


def _by_place(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Counts and Merkle root over the items' keyed hashes, for each category and place."""
    places: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        places.setdefault((row["category"], row["place"], row["key_id"]), []).append(row)
    return [
        {
            "category": category,
            "place": place,
            "gone": len(of_place),
            "first_gone_at": instant_text(min(row["gone_at"] for row in of_place)),
            "last_gone_at": instant_text(max(row["gone_at"] for row in of_place)),
            "items_root": items_root(row["item_hash"] for row in of_place),
            "hash_key": key_id,
        }
        for (category, place, key_id), of_place in sorted(places.items())
    ]


def _certificate(
    own: OwnConnection,
    head: TreeHead,
    subject: Mapping[str, Any],
    statement: Mapping[str, Any],
    entries: Sequence[Entry],
) -> dict[str, Any]:
    if not entries or entries[-1]["seq"] > head.size:
        raise PlanError(
            "found entries that no signed tree head covers yet; expected `ledger sign` to have run since. Nothing was certified: "
            "sign, and ask again."
        )
    beside = {
        "check_after": own.execute(_FIRST_AFTER, (CHECK, entries[-1]["seq"], head.size)).fetchone(),
        "documents": own.execute(_LAST_UNTIL, (DOCUMENTS, head.size)).fetchone(),
    }
    tree = LedgerTree.read(own, head.size)
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
