"""Commands of people: modes, the global stop, legal holds."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from retention import database
from retention.cli.output import AsJson, AsOf, By, Reason, command, emit
from retention.cli.streams import say
from retention.connections import from_environment, postgres_conninfo
from retention.datamap.loader import load_datamap
from retention.disposal.hold_scope import Covered, look_up
from retention.disposal.opening import open_runtime
from retention.errors import RequestError
from retention.evidence.already_gone import count_gone
from retention.evidence.controls import Change, Mode, set_mode, set_stop, wait_for_batches
from retention.evidence.hashing import ItemHasher
from retention.evidence.holds import HoldScope, HoldSet, add_hold, approve_hold, canonical_scope, end_hold, read_holds
from retention.policy.holds import holds_until, is_in_force
from retention.policy.loader import load_policy
from retention.settings import OWN_CONNECTION, datamap_folder, parse_as_of, parse_instant, policies_folder

HoldId = Annotated[str, typer.Argument(help="The hold's id.")]


def own_conninfo() -> str:
    """The connection string of our own database."""
    return postgres_conninfo(from_environment(OWN_CONNECTION))


@command("mode")
def mode(
    category: Annotated[str, typer.Argument()],
    value: Annotated[Mode, typer.Argument(metavar="off|observe|enforce")],
    reason: Reason,
    as_json: AsJson = False,
    *,
    by: By,
) -> None:
    """Set what disposal may do in a category."""
    load_policy(policies_folder()).rule(category)
    with database.connect(own_conninfo()) as own:
        _show("mode", set_mode(own, category, value, changed_by=by, reason=reason), as_json, category=category)


@command("stop")
def stop(reason: Reason, as_json: AsJson = False, *, by: By) -> None:
    """Stop every delete path before its next batch, and wait until no batch is running any more."""
    with database.connect(own_conninfo()) as own:
        change = set_stop(own, True, changed_by=by, reason=reason)
        say("stopped: no batch begins from now on; waiting for those that run")
        wait_for_batches(own)
    _show("stop", change, as_json, note="; no batch is running any more", batches_running=0)


@command("resume")
def resume(reason: Reason, as_json: AsJson = False, *, by: By) -> None:
    """End the stop."""
    with database.connect(own_conninfo()) as own:
        _show("resume", set_stop(own, False, changed_by=by, reason=reason), as_json)


def _show(name: str, change: Change, as_json: bool, *, note: str = "", **more: str | int) -> None:
    fields = {**more, "value": change.value, "who": change.changed_by, "when": change.changed_at, "why": change.reason}
    of = f"{more['category']} " if "category" in more else ""
    emit(name, fields, f"{of}{change.value} (by {change.changed_by}: {change.reason}){note}", as_json=as_json)


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
    _require_known(category, place)
    scope = canonical_scope(
        HoldScope(
            category=category,
            tenant_id=tenant,
            person_id=person,
            place=place,
            item_id=item,
            started_from=_instant("--started-from", started_from),
            started_before=_instant("--started-before", started_before),
        )
    )
    # Only an item can be refused for covering nothing; any other hold is set first, and does not wait for the sources.
    covered = look_up(open_runtime, scope) if item is not None else None
    with database.connect(own_conninfo()) as own:
        if covered is not None and covered.nothing:
            _require_gone(own, scope)
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
    _warn_of_nothing(covered)
    waits = (
        ""
        if result.in_force
        else f" It holds nothing until a second person approves it: `hold approve {result.hold_id}`."
    )
    covers = "an unknown number of" if covered.rows is None else covered.rows
    before = f"hold {result.hold_id} set; it covers {covers} rows now;"
    _show_hold("hold add", result, before, waits, as_json, covers=covered.rows)


def _require_gone(own: database.OwnConnection, scope: HoldScope) -> None:
    """Raise RequestError for an item that is nowhere, and was nowhere that we know of: nothing but a mistyped id."""
    gone = count_gone(own, ItemHasher.from_environment(), scope)
    if not gone.already_gone and not gone.under_way:
        raise RequestError(
            "--item: found no row and no stored object for it in place "
            f"{scope.place!r} (within the other options given); expected the id that the data map's SQL returns as item_id, "
            "or the object's whole key, without s3:// and bucket. No hold was set."
        )


def _warn_of_nothing(covered: Covered) -> None:
    if covered.rows is None:
        say("warning: what the hold covers could not be counted: a source, or the data map, could not be read")
    elif covered.nothing:
        say("warning: the hold covers nothing that is there now; check the ids, unless it is meant for what comes")


def _require_known(category: str | None, place: str | None) -> None:
    """A hold on a category or place that nobody knows would hold nothing."""
    if category is not None:
        load_policy(policies_folder()).rule(category)
    places = load_datamap(datamap_folder()).places if place is not None else {}
    if place is not None and place not in places:
        raise RequestError(f"--place: found {place!r}; expected a place of the data map: {', '.join(sorted(places))}")


@command("hold approve")
def hold_approve(hold_id: HoldId, reason: Reason, as_json: AsJson = False, *, by: By) -> None:
    """Approve a hold that waits for it, as a second person; it holds from now on. The requester can't."""
    with database.connect(own_conninfo()) as own:
        result = approve_hold(own, ItemHasher.from_environment(), _hold_id(hold_id), approved_by=by, reason=reason)
    _show_hold("hold approve", result, f"hold {result.hold_id} approved by {by} and in force;", "", as_json)


def _show_hold(name: str, result: HoldSet, before: str, after: str, as_json: bool, **more: int | None) -> None:
    fields = {
        "id": result.hold_id,
        "scope": dict(result.scope),
        "effective_at": result.effective_at,
        "already_gone": result.gone.already_gone,
        "maybe_gone": result.gone.maybe_gone,
        "in_force": result.in_force,
        **more,
    }
    emit(name, fields, f"{before} {result.gone.to_text()}{after}", as_json=as_json)


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
    """All holds, with whether they hold at that instant."""
    now = parse_as_of(as_of)
    with database.connect(own_conninfo()) as own:
        holds = read_holds(own)
    listed: list[dict[str, Any]] = [
        {**asdict(hold), "id": hold.hold_id, "in_force": is_in_force(hold, now), "until": holds_until(hold)}
        for hold in holds
    ]
    lines = [f"{h['id']}  {'in force' if h['in_force'] else 'holds nothing'}  until {h['until']}" for h in listed]
    emit("hold list", {"holds": listed}, "\n".join(lines) or "no holds", as_json=as_json)


def _instant(option: str, text: str | None) -> datetime | None:
    return parse_instant(option, text) if text is not None else None
