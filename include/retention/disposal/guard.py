"""The one guard on every delete path: what must hold before a plan is made, before it is executed, and before each batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from retention.database import OwnConnection
from retention.datamap.loader import DataMap
from retention.disposal import approvals
from retention.disposal.lines import Tally
from retention.disposal.purged import COVERAGE as PURGE
from retention.errors import GuardError, ModeError, PlanError, RequestError, StoppedError
from retention.evidence.altered_holds import altered_holds
from retention.evidence.controls import Mode, mode_of, stop_of
from retention.evidence.hashing import ItemHasher
from retention.evidence.homes import require_confirmed
from retention.policy.facts import Hold
from retention.policy.holds import is_open
from retention.policy.model import RetentionRule, VolumeLimit
from retention.readable import utc_minute
from retention.settings import is_sample_environment


def require_rule_in_force(rule: RetentionRule, as_of: datetime) -> None:
    """Raise GuardError where no version of the rule has taken effect by `as_of`: then nothing may be due."""
    if not rule.in_force(as_of):
        first = rule.versions[0].effective_at
        raise GuardError(
            f"category {rule.category!r}: found no rule in force at {utc_minute(as_of)}; "
            f"the first one takes effect at {utc_minute(first)}. Choose a later --as-of."
        )


def require_holds_placed(holds: Sequence[Hold], datamap: DataMap, now: datetime) -> None:
    """Raise GuardError for a hold that holds, or waits to, and names a place or category of which the data map has nothing.

    A place or a category that was renamed takes no hold along: each would cover nothing from then on, and nobody would know.
    """
    known = [(place.name, place.spec.category) for place in datamap.places.values()]
    lost = [
        hold
        for hold in holds
        if is_open(hold, now)
        and not any(hold.place in (None, place) and hold.category in (None, category) for place, category in known)
    ]
    if lost:
        names = sorted(
            {f"place {hold.place!r}" for hold in lost if hold.place is not None}
            | {f"category {hold.category!r}" for hold in lost if hold.category is not None}
        )
        raise GuardError(
            f"found legal holds on what the data map doesn't have ({' and '.join(names)}; {len(lost)} in all); expected every "
            "hold to name places and categories of the map, or it holds nothing. Nothing is planned or deleted. Was one renamed? "
            "Give it its old name again, or set the holds anew under its new one (`hold add`) and end the old ones (`hold end`)."
        )


def require_holds_unaltered(own: OwnConnection, hasher: ItemHasher, holds: Sequence[Hold], now: datetime) -> None:
    """Raise GuardError for a hold that by the ledger holds, or waits to, and that is gone or says something else now.

    Reads the ledger's entries about holds: once per plan and per execution, not per batch.
    """
    altered = altered_holds(own, hasher, holds, now)
    if altered:
        raise GuardError(
            f"found legal holds that somebody changed past the product ({', '.join(altered)}); expected scope, dates and people "
            "that the ledger noted when they were set. Nothing is planned or deleted. Find out who did, set the holds anew with "
            "what they were meant for (`hold add`), and end these (`hold end`)."
        )


def over_volume(limit: VolumeLimit, due: int, tally: Tally) -> str | None:
    """Why a plan is too large to run without a second person's approval; None when it is not. Bounds are inclusive.

    A partition counts with about as many records as are in it.
    A listing in which many objects lost their rows, or all did, looks like a table that was emptied or can't be read:
    their consents would be lost with them.
    """
    due, considered = due + tally.inside_due, tally.considered + tally.inside
    if due > limit.items:
        return f"volume limit: {due} items are due, at most {limit.items} go without approval"
    if due > limit.share_above_items and due > limit.share * considered:
        return (
            f"volume limit: {due} of {considered} items are due ({due / considered:.0%}), "
            f"at most {limit.share:.0%} go without approval"
        )
    if tally.unlinked_due > limit.unlinked_items:
        return (
            f"volume limit: {tally.unlinked_due} parts without a row are due, at most {limit.unlinked_items} go without "
            "approval: are the tables complete?"
        )
    if tally.unlinked_due and not tally.linked:
        return f"none of {tally.considered} listed parts has a row: are the tables empty or out of reach?"
    return None


def rows_astray(tally: Tally) -> str | None:
    """Why a plan with orphans needs a second person's approval while rows lead to no place; None when none do.

    An orphan may be the object of such a row, and the row's consents and holds would be its own.
    """
    if not tally.unlinked_due or not tally.unmapped_rows:
        return None
    return (
        f"rows whose bucket and key no place of the data map has: {tally.unmapped_rows}, parts due without a row: "
        f"{tally.unlinked_due}. Are these the rows' objects, and kept by their consents and holds? Correct the rows, or map the "
        "place"
    )


def require_running(own: OwnConnection) -> None:
    """Raise StoppedError while the global stop is set, or a restore waits to be confirmed. Read before each batch."""
    stop = stop_of(own)
    if stop.is_restored:
        require_confirmed(own)
    if stop.value == "stopped":
        raise StoppedError(
            f"everything is stopped since {utc_minute(stop.changed_at)}, by {stop.changed_by} ({stop.reason}). "
            "No batch began from then on. `resume` ends the stop."
        )


def require_enforce(own: OwnConnection, category: str) -> None:
    """Raise ModeError unless the category is in mode `enforce`. Read before each batch."""
    mode = mode_of(own, category)
    if mode.value != Mode.ENFORCE:
        since = utc_minute(mode.changed_at) if mode.changed_at is not None else "the start"
        raise ModeError(
            f"category {category!r} is in mode '{mode.value}' (since {since}, {mode.reason}); "
            "expected 'enforce'. Nothing was deleted. `mode` changes it, --dry-run shows what would go."
        )


def require_not_off(own: OwnConnection, category: str) -> None:
    """Raise ModeError for a category in mode `off`: nothing is even planned there."""
    if mode_of(own, category).value == Mode.OFF:
        raise ModeError(f"category {category!r} is in mode 'off'; expected 'observe' or 'enforce' (`mode` changes it)")


def require_unexpired(plan: Mapping[str, Any], now: datetime) -> None:
    """Raise PlanError once the plan has expired."""
    if now >= plan["expires_at"]:
        raise PlanError(f"plan {plan['plan_id']} expired at {utc_minute(plan['expires_at'])}. Make a new plan.")


def require_digest(plan: Mapping[str, Any], digest: str, *, undone: str) -> None:
    """Raise PlanError unless this is the plan's digest; `undone` says what has not been done to it or its items."""
    if digest != plan["digest"]:
        raise PlanError(f"found digest {digest[:12]}…; the plan's is {plan['digest'][:12]}…. Nothing was {undone}.")


def require_executable(plan: Mapping[str, Any], *, digest: str, recomputed: str, now: datetime) -> None:
    """Raise PlanError unless this is a ready, unexpired plan whose items are exactly those that the digest names."""
    require_unexpired(plan, now)  # before its digest: what has expired has no items any more
    if plan["state"] not in ("ready", "executing"):
        raise PlanError(f"plan {plan['plan_id']} is {plan['state']}; expected one that is ready. Make a new plan.")
    require_digest(plan, digest, undone="deleted")
    if recomputed != plan["digest"]:
        raise PlanError(
            f"plan {plan['plan_id']}: its stored items do not fit its digest any more; somebody changed them. "
            "Nothing was deleted. Make a new plan, and find out who did."
        )
    if plan["as_of"] > now and not is_sample_environment():
        raise PlanError(
            f"plan {plan['plan_id']} was made for {utc_minute(plan['as_of'])}, which is in the future; only the sample "
            "environment may look ahead. Nothing was deleted. Make a new plan."
        )


def require_same_documents(plan: Mapping[str, Any], *, rule_digest: str, map_digest: str) -> None:
    """Raise PlanError when rules or data map changed since the plan was made: it would act on yesterday's rule."""
    changed = [
        name
        for name, now in (("rules", rule_digest), ("data map", map_digest))
        if now != plan["rule_digest" if name == "rules" else "map_digest"]
    ]
    if changed:
        raise PlanError(f"{' and '.join(changed)} changed since plan {plan['plan_id']} was made. Make a new plan.")


def require_approved(own: OwnConnection, plan: Mapping[str, Any]) -> None:
    """Raise GuardError for a plan that lacks approvals of exactly its digest by others than its requester: one where it is
    blocked, one where a person asked for it, two people where both."""
    needed = approvals.needed(plan)
    found = own.execute(
        "SELECT approved_by, via FROM retention.approvals WHERE plan_id = %s AND digest = %s ORDER BY approved_at",
        (plan["plan_id"], plan["digest"]),
    ).fetchall()
    given = approvals.given(plan, found)
    if given >= needed:
        return
    if plan["coverage"] == PURGE:
        above = f" It is above the limit, too: {plan['blocked_reason']}." if plan["blocked_reason"] is not None else ""
        raise GuardError(
            f"plan {plan['plan_id']} is a manual purge with {given} of {needed} approvals; expected that many people other "
            f"than who asked for it, each by login or signature, of exactly this digest.{above} Nothing was deleted."
        )
    until = utc_minute(plan["breaches_at"]) if plan["breaches_at"] else "unknown"
    raise GuardError(
        f"plan {plan['plan_id']} is blocked: {plan['blocked_reason']}. The first breach comes at {until}. "
        "A second person may approve it before the plan expires: "
        f"`python -m retention approve {plan['plan_id']} --digest {plan['digest']} --reason …`."
    )


def require_known_approver(plan: Mapping[str, Any], via: approvals.Via) -> None:
    """Raise GuardError for the approval of a purge by a name alone."""
    if plan["coverage"] == PURGE and via not in approvals.KNOWN:
        raise GuardError(
            f"plan {plan['plan_id']} is a manual purge, and found an approver who is no more than a name on a command line; "
            "expected one who is logged in to Airflow, or has signed."
        )


def plan_row(own: OwnConnection, plan_id: UUID) -> dict[str, Any]:
    """The plan; raises RequestError where there is none."""
    row = own.execute("SELECT * FROM retention.plans WHERE plan_id = %s", (plan_id,)).fetchone()
    if row is None:
        raise RequestError(f"found no plan {plan_id}; expected the id that `plan` printed")
    return row
