"""An item that is not there: when it went, under which run and why, or that nothing of ours is known to have removed it.

Read from what was recorded by keyed hash; of an open plan's items by what the plan calls them. The answer holds neither.
"""

from __future__ import annotations

from typing import Any

from retention.database import OwnConnection
from retention.datamap.loader import AnyPlace, MappedFiles, MappedPlace
from retention.errors import ItemGoneError
from retention.readable import utc_minute

# An object or a file is asked for by its key as well; rows of a partition have its name for one, and it may be there still.
_GONE = """
SELECT
    d.gone_at, d.outcome, d.reason, d.trigger_at AS due_at, d.plan_id, d.batch_no, p.run_id, p.as_of, p.policy_version,
    p.rule_sentence AS rule, p.due_by_reason, count(*) OVER () AS records
FROM retention.disposed_items AS d LEFT JOIN retention.plans AS p USING (plan_id)
WHERE d.place = %(place)s AND (d.item_hash = %(hash)s OR (%(by_key)s AND d.key_hash = %(hash)s))
ORDER BY d.gone_at DESC
LIMIT 1
"""
_RECORDED = """
SELECT seq, body::jsonb ->> 'by' AS by
FROM retention.ledger
WHERE kind IN ('result', 'recovery') AND body::jsonb ->> 'plan' = %s AND (body::jsonb ->> 'batch')::integer = %s
    AND at >= %s
ORDER BY seq
LIMIT 1
"""
_OPEN = """
SELECT p.plan_id, p.run_id, s.reason, s.due_at
FROM retention.plan_item_states AS s JOIN retention.plans AS p USING (plan_id)
WHERE s.place = %s AND %s IN (s.item_id, s.object_key) AND s.state IN ('intended', 'failed') AND p.state = 'executing'
ORDER BY p.planned_at DESC
LIMIT 1
"""


def item_gone(own: OwnConnection, place: AnyPlace, item: str, item_hash: bytes) -> ItemGoneError | None:
    """The error for an item of this name that went, or may have gone, under a plan of ours; None where no plan had it."""
    by_key = isinstance(place, MappedPlace | MappedFiles)
    asked = {"place": place.name, "hash": item_hash, "by_key": by_key}
    gone = own.execute(_GONE, asked).fetchone()
    if gone is None:
        return _maybe_gone(own, place, item)
    batch = (str(gone["plan_id"]), gone["batch_no"], gone["gone_at"])
    recorded = own.execute(_RECORDED, batch).fetchone() or {"seq": None, "by": None}
    facts = {
        name: gone[name] for name in ("gone_at", "outcome", "due_at", "plan_id", "run_id", "policy_version", "rule")
    }
    facts |= {
        "reasons": _reasons(gone),
        "by": recorded["by"],
        "ledger_entry": recorded["seq"],
        "records": gone["records"],
    }
    found_gone = gone["outcome"] == "gone_confirmed_on_recovery"
    how = ", where an interrupted or failed try left it open" if found_gone else ""
    run = f" of run {gone['run_id']}" if gone["run_id"] is not None else ""
    others = f" (and {gone['records'] - 1} more under its key or name)" if gone["records"] > 1 else ""
    return ItemGoneError(
        f"found no such item in place {place.name!r} any more: it went {utc_minute(gone['gone_at'])} under plan "
        f"{gone['plan_id']}{run}{how}{others}. It was due since {utc_minute(gone['due_at'])}: "
        f"{' or '.join(facts['reasons']) or 'not recorded why'}. Expected one that is there.",
        facts,
    )


def _reasons(gone: dict[str, Any]) -> list[str]:
    """Why it was due; of what went before that was kept, why any of its plan's items was."""
    return [gone["reason"]] if gone["reason"] is not None else sorted(gone["due_by_reason"] or {})


def _maybe_gone(own: OwnConnection, place: AnyPlace, item: str) -> ItemGoneError | None:
    """What an execution that is under way, or was interrupted, may have removed: its result is not recorded yet."""
    row = own.execute(_OPEN, (place.name, item)).fetchone()
    if row is None:
        return None
    facts = {"outcome": "under_way", "due_at": row["due_at"], "plan_id": row["plan_id"], "run_id": row["run_id"]}
    return ItemGoneError(
        f"found no such item in place {place.name!r} any more: it may have gone under plan {row['plan_id']} of run "
        f"{row['run_id']}, whose result is not recorded. It was due since {utc_minute(row['due_at'])}: {row['reason']}. "
        "Expected one that is there; the next run tells.",
        facts | {"reasons": [row["reason"]]},
    )
