"""Ask for a purge: what is asked is looked at before anything is planned, and refused in words where it makes no sense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg import sql

from retention.datamap.loader import MappedPlace, MappedTable, RowPlace
from retention.disposal.kinds import disposable_places
from retention.disposal.place_sql import reviewed
from retention.disposal.plan import PlanSummary, make_plan
from retention.disposal.previews import PREVIEW
from retention.disposal.purged import COVERAGE, PurgeScope
from retention.disposal.runtime import Runtime
from retention.disposal.scopes import scope_hash
from retention.errors import RequestError
from retention.evidence import ledger
from retention.evidence.holds import HoldScope, canonical_scope
from retention.evidence.people import require_person_and_reason
from retention.policy.model import Action
from retention.readable import utc_minute
from retention.replay.present import has_facts


@dataclass(frozen=True, slots=True)
class PurgeRequest:
    """What a person asks for, and why: `ticket` is where it was asked for, such as a case number."""

    category: str
    scope: PurgeScope
    reason: str
    ticket: str
    requested_by: str


def plan_purge(runtime: Runtime, request: PurgeRequest, *, as_of: datetime, run: str) -> PlanSummary:
    """Plan exactly what is asked for and may go, as a preview: nothing rests on it until it is approved and executed. The same
    `run` gives the same plan again.

    Raises RequestError for what makes no sense (see `checked`) and for what names nothing, and what `make_plan` raises.
    """
    request = checked(runtime, request, as_of)
    _require_something_named(runtime, request)
    plan = make_plan(
        runtime,
        request.category,
        as_of=as_of,
        run_id=f"{PREVIEW}/{run}",
        requested_by=request.requested_by,
        coverage=COVERAGE,
        purge=request.scope,
    )
    with runtime.own() as own, own.transaction():
        body = {
            "plan": plan.plan_id,
            "digest": plan.digest,
            "scope": sorted(request.scope.filled()),
            "scope_hash": scope_hash(runtime.hasher, request.scope),
            "key": runtime.hasher.key_id,
            "by": request.requested_by,
            "reason": request.reason,
            "ticket": request.ticket,
        }
        known = own.execute(
            "SELECT 1 FROM retention.ledger WHERE kind = 'purge_requested' AND body::jsonb ->> 'plan' = %s",
            (str(plan.plan_id),),
        ).fetchone()
        if known is None:  # else a retry
            ledger.append(own, "purge_requested", body)
    return plan


def checked(runtime: Runtime, request: PurgeRequest, as_of: datetime) -> PurgeRequest:
    """The request with its ids as the sources write them.

    Raises RequestError without a person, a reason or a ticket; for an empty scope; for dates without an end, turned round or to
    come; for ids that look like a name, an address or a number; and for a category that can't be purged by its rows.
    """
    require_person_and_reason(request.requested_by, request.reason)
    require_person_and_reason(request.requested_by, request.ticket)
    scope = request.scope
    filled = scope.filled()
    if not filled:
        raise RequestError(
            "found a purge of nothing in particular; expected a customer, a person, an item or dates: a missing one never means "
            "all"
        )
    _require_past(scope, as_of)
    _require_purgeable(runtime, request.category)
    # The same ids as holds have: what is refused there is refused here. An item of a hold has its place, a purge a category.
    held = canonical_scope(
        HoldScope(
            category=request.category,
            place=request.category if scope.item_id is not None else None,
            **filled,
        )
    )
    ids = {name: getattr(held, name) for name in ("tenant_id", "person_id", "item_id")}
    return replace(request, scope=replace(scope, **ids))


def _require_past(scope: PurgeScope, as_of: datetime) -> None:
    if not scope.filled().keys() - {"started_from"}:
        raise RequestError(
            "found a first date alone; expected the last one, too: what comes tomorrow nobody has looked at"
        )
    for name in ("started_from", "started_before"):
        at = getattr(scope, name)
        if at is not None and at > as_of:
            raise RequestError(
                f"{name}: found {utc_minute(at)}, which is to come; expected an instant until {utc_minute(as_of)}: what is not "
                "there yet nobody can look at"
            )


def _require_purgeable(runtime: Runtime, category: str) -> None:
    if runtime.policy.rule(category).action is Action.ANONYMISE:
        raise RequestError(
            f"found category {category!r}, which is anonymised and not deleted; expected one that is deleted"
        )
    by_age = [one.name for one in disposable_places(runtime.datamap, category) if not has_facts(one)]
    if by_age:
        raise RequestError(
            f"found category {category!r} with places that go by their records' age alone ({', '.join(sorted(by_age))}); "
            "expected one whose rows say whose they are. Nobody can tell one person's records there from another's."
        )


def _require_something_named(runtime: Runtime, request: PurgeRequest) -> None:
    """Raise RequestError where the sources have nothing of that name: a mistyped id must not look like a purge that was done."""
    asked = request.scope.filled()
    if _count(runtime, request.category, asked):
        return
    item = {name: value for name, value in asked.items() if name == "item_id"}
    if item and len(asked) > 1 and _count(runtime, request.category, item):
        raise RequestError(
            f"category {request.category!r}: found the item, and not under this customer, person or period; expected all that is "
            "asked for to be true of it. Whose it is, `explain` says to who may know. Nothing was planned."
        )
    raise RequestError(
        f"category {request.category!r}: found nothing that {', '.join(sorted(asked))} name; expected ids that the sources have "
        "(internal ones, letter for letter). Nothing was planned."
    )


def _count(runtime: Runtime, category: str, asked: Mapping[str, Any]) -> int:
    """How many rows of the category are named so; dates that a row doesn't have are counted as if they fitted."""
    start = f"start_{runtime.policy.rule(category).clock_event}"
    places = [one for one in disposable_places(runtime.datamap, category) if isinstance(one, MappedPlace | MappedTable)]
    return sum(_rows(runtime, place, asked, start) for place in places)


def _rows(runtime: Runtime, place: RowPlace, asked: Mapping[str, Any], start: str) -> int:
    conditions = {
        "tenant_id": "f.tenant_id = %(tenant_id)s",
        "person_id": "f.person_id = %(person_id)s",
        "item_id": "%(item_id)s IN (f.item_id::text" + (", f.object_key)" if isinstance(place, MappedPlace) else ")"),
        "started_from": "coalesce(f.{start} >= %(started_from)s, TRUE)",
        "started_before": "coalesce(f.{start} < %(started_before)s, TRUE)",
    }
    where = sql.SQL(" AND ").join(sql.SQL(conditions[name]).format(start=sql.Identifier(start)) for name in asked)
    query = sql.SQL("SELECT count(*) AS found FROM ({}\n) AS f WHERE {}").format(reviewed(place.items_sql), where)
    with runtime.source(place) as source:
        row = source.execute(query, dict(asked)).fetchone()
    assert row is not None  # an aggregate always gives one row
    found: int = row["found"]
    return found
