"""Commands about legal holds: set, approve, end, list."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from retention import database
from retention.cli.arguments import require_mapped, require_place, require_rule
from retention.cli.controls import own_conninfo
from retention.cli.output import AsJson, AsOf, By, Reason, command, counted_noun, emit
from retention.cli.streams import say
from retention.disposal.hold_scope import Covered, about_capitals, look_up, require_there
from retention.disposal.opening import open_runtime
from retention.errors import RequestError
from retention.evidence.hashing import ItemHasher
from retention.evidence.hold_list import list_holds
from retention.evidence.holds import (
    HoldScope,
    HoldSet,
    add_hold,
    approve_hold,
    canonical_scope,
    end_hold,
)
from retention.readable import utc_minute
from retention.settings import parse_as_of, parse_instant

HoldId = Annotated[str, typer.Argument(help="The hold's id.")]


@command("hold add")
def hold_add(
    reason: Reason,
    approved_by: Annotated[
        str | None, typer.Option(help="A second person; without one the hold holds nothing.")
    ] = None,
    category: Annotated[str | None, typer.Option()] = None,
    tenant: Annotated[str | None, typer.Option(help="The customer's internal id.")] = None,
    person: Annotated[str | None, typer.Option(help="The person's internal id in the source.")] = None,
    place: Annotated[str | None, typer.Option(help="With --item: a place of the data map.")] = None,
    item: Annotated[str | None, typer.Option(help="The item's id or its object's key.")] = None,
    started_from: Annotated[str | None, typer.Option(help="Items that began at or after this instant.")] = None,
    started_before: Annotated[str | None, typer.Option(help="Items that began before this instant.")] = None,
    ends: Annotated[str | None, typer.Option(help="When the hold ends.")] = None,
    review: Annotated[str | None, typer.Option(help="When it must be reviewed; without review it ends then.")] = None,
    as_json: AsJson = False,
    *,
    by: By,
) -> None:
    """Set a legal hold; all scope options given must match. Says what it covers now and how much had already gone."""
    if category is not None:
        require_rule(category, "--category")
        require_mapped([category], "--category")  # else it would cover nothing, and stop every plan
    if place is not None:
        require_place(place, "--place")
    given = HoldScope(
        category=category,
        tenant_id=tenant,
        person_id=person,
        place=place,
        item_id=item,
        started_from=_instant("--started-from", started_from),
        started_before=_instant("--started-before", started_before),
    )
    scope = canonical_scope(given)
    with database.connect(own_conninfo()) as own:
        # Only an item can be refused for covering nothing; any other hold is set first, and does not wait for the sources.
        covered = require_there(open_runtime, own, ItemHasher.from_environment, scope, given)
        result = add_hold(
            own,
            ItemHasher.from_environment(),
            scope,
            reason=reason,
            requested_by=by,
            approved_by=approved_by,
            ends_at=_instant("--ends", ends),
            review_at=_instant("--review", review),
        )
    covered = covered or look_up(open_runtime, scope)
    _warn_of_nothing(covered, scope, given)
    waits = (
        ""
        if result.in_force
        else f" It holds nothing until a second person approves it: `hold approve {result.hold_id} --by P --reason R`."
    )
    _show_hold("hold add", result, f"hold {result.hold_id} set", covered, waits, as_json)


def _warn_of_nothing(covered: Covered, scope: HoldScope, given: HoldScope) -> None:
    if covered.rows is None:
        say("warning: what the hold covers could not be counted: a source, or the data map, could not be read")
    elif covered.nothing:
        say(
            "warning: the hold covers nothing that is there now; check the ids, unless it is meant for what comes."
            + about_capitals(scope, given)
        )


@command("hold approve")
def hold_approve(hold_id: HoldId, reason: Reason, as_json: AsJson = False, *, by: By) -> None:
    """Approve a hold that waits for it, as a second person; it holds from now on. The requester can't."""
    with database.connect(own_conninfo()) as own:
        result = approve_hold(own, ItemHasher.from_environment(), _hold_id(hold_id), approved_by=by, reason=reason)
    covered = look_up(open_runtime, HoldScope(**result.scope))
    _show_hold("hold approve", result, f"hold {result.hold_id} approved by {by} and in force", covered, "", as_json)


def _show_hold(name: str, result: HoldSet, done: str, covered: Covered, more: str, as_json: bool) -> None:
    fields = {
        "id": result.hold_id,
        "scope": dict(result.scope),
        "effective_at": result.effective_at,
        "already_gone": result.gone.already_gone,
        "maybe_gone": result.gone.maybe_gone,
        "in_force": result.in_force,
        "covers": covered.rows,
    }
    covers = "an unknown number of rows" if covered.rows is None else counted_noun(covered.rows, "row")
    emit(name, fields, f"{done}; it covers {covers} now; {result.gone.to_text()}{more}", as_json=as_json)


@command("hold end")
def hold_end(hold_id: HoldId, reason: Reason, as_json: AsJson = False, *, by: By) -> None:
    """End a legal hold now; what it kept falls due at once."""
    wanted = _hold_id(hold_id)
    with database.connect(own_conninfo()) as own:
        ended_at = end_hold(own, wanted, ended_by=by, reason=reason)
    emit(
        "hold end",
        {"id": wanted, "ended_at": ended_at},
        f"hold {wanted} ended at {ended_at.isoformat()}",
        as_json=as_json,
    )


def _hold_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise RequestError(f"found {text!r} as a hold; expected an id that `hold list` prints") from None


@command("hold list")
def hold_list(as_of: AsOf = None, as_json: AsJson = False) -> None:
    """All holds: on what, until when, why, by whom, and whether they hold at that instant. Persons and items by keyed hash."""
    now = parse_as_of(as_of)
    with database.connect(own_conninfo()) as own:
        shown = list_holds(own, ItemHasher.from_environment, now)
    emit("hold list", {"holds": shown}, "\n".join(map(_list_words, shown)) or "no holds", as_json=as_json)


_WORDS = {
    "category": "category {}",
    "tenant_id": "customer {}",
    "person_id": "person {}",
    "place": "in {}",
    "item_id": "item {}",
    "started_from": "begun from {} on",
    "started_before": "begun before {}",
}


def _list_words(hold: dict[str, Any]) -> str:
    """One hold in four lines."""
    scope = ", ".join(
        words.format(utc_minute(value) if isinstance(value, datetime) else value)
        for name, words in _WORDS.items()
        if (value := hold["scope"].get(name)) is not None
    )
    dates = {"ends": hold["ends_at"], "to be reviewed": hold["review_at"], "ended": hold["ended_at"]}
    when = ", ".join(f"{words} {utc_minute(at)}" for words, at in dates.items() if at is not None)
    state = hold["state"] if hold["in_force"] else f"holds nothing: {hold['state']}"
    return "\n".join(
        [
            f"{hold['id']}  {state}",
            f"    on      {scope}",
            f"    dates   from {utc_minute(hold['effective_at'])}, {when or 'no end'}",
            f"    why     {hold['reason']} (requested by {hold['requested_by']}, approved by {hold['approved_by'] or 'nobody'})",
        ]
    )


def _instant(option: str, text: str | None) -> datetime | None:
    return parse_instant(option, text) if text is not None else None
