"""Commands that plan and delete."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from retention.cli.arguments import require_place, require_rule
from retention.cli.output import AsJson, AsOf, By, Reason, command, counted_noun, emit, progress_bar
from retention.cli.reason_words import counted_reasons, reason_words
from retention.cli.streams import show
from retention.disposal.approval import approve_plan
from retention.disposal.execute import DisposalSummary, execute_plan
from retention.disposal.explain import explain_item
from retention.disposal.opening import open_runtime
from retention.disposal.plan import PlanSummary, make_plan
from retention.disposal.previews import PREVIEW
from retention.errors import ItemGoneError, PartlyFailedError, RequestError
from retention.evidence.controls import Mode
from retention.policy.facts import WAITS
from retention.policy.model import Action
from retention.readable import utc_minute
from retention.settings import parse_as_of

Category = Annotated[str, typer.Argument(help="A data category, such as audio.")]
Listing = Annotated[bool, typer.Option("--listing", help="Look at every part in the store, not only at the rows.")]


@command("plan")
def plan(
    category: Category,
    as_of: AsOf = None,
    listing: Listing = False,
    as_json: AsJson = False,
    *,
    by: By,
) -> None:
    """Plan one category: exactly what is due, what stays and why. Changes nothing."""
    summary = _plan(category, as_of, listing, by, run=PREVIEW)
    action = open_runtime().policy.rule(category).action
    emit("plan", summary.to_json(), plan_words(summary, action), as_json=as_json)


@command("approve")
def approve(
    plan_id: Annotated[str, typer.Argument(help="The plan's id.")],
    digest: Annotated[str, typer.Option("--digest", help="The plan's digest, whole.")],
    reason: Reason,
    as_json: AsJson = False,
    *,
    by: By,
) -> None:
    """Approve exactly this plan although it is above the volume limit; the requester can't."""
    runtime = open_runtime()
    with runtime.own() as own:
        approval = approve_plan(own, _plan_id(plan_id), digest, approved_by=by, reason=reason)
    emit("approve", approval, f"plan {plan_id} approved by {by}", as_json=as_json)


@command("dispose")
def dispose(
    category: Annotated[str | None, typer.Argument(help="A data category; or name a plan with --plan.")] = None,
    as_of: AsOf = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go; change nothing.")] = False,
    listing: Listing = False,
    plan_id: Annotated[str | None, typer.Option("--plan", help="Execute this plan.")] = None,
    digest: Annotated[str | None, typer.Option("--digest", help="The plan's digest, whole.")] = None,
    as_json: AsJson = False,
    *,
    by: By,
) -> None:
    """Delete, or anonymise, what is due: plan and execute one category, or execute a plan that was made before."""
    if (category is None) == (plan_id is None):
        raise RequestError("found both or neither of a category and --plan; expected exactly one of them")
    if (plan_id is None) != (digest is None):
        raise RequestError("found only one of --plan and --digest; expected both: the digest says what was looked at")
    if category is not None:
        planned = _plan(category, as_of, listing, by, run=PREVIEW if dry_run else "cli")
        chosen, wanted = planned.plan_id, planned.digest
    else:
        if as_of is not None or listing:
            raise RequestError("found --as-of or --listing beside --plan; expected neither: the plan has its own")
        assert plan_id is not None and digest is not None  # checked above
        chosen, wanted = _plan_id(plan_id), digest
    bar, move = progress_bar("disposing in batches")
    with bar:
        try:
            summary = execute_plan(open_runtime(actor=by), chosen, wanted, dry_run=dry_run, progress=move)
        except PartlyFailedError as error:
            if isinstance(error.summary, DisposalSummary) and not as_json:
                show(_disposal_words(error.summary))
            raise
    emit("dispose", summary.to_json(), _disposal_words(summary), as_json=as_json)


@command("explain")
def explain(
    place: Annotated[str, typer.Argument(help="A place of the data map.")],
    item: Annotated[str, typer.Argument(help="The item's id, its object's key, or a log file's path in its place.")],
    as_of: AsOf = None,
    as_json: AsJson = False,
    *,
    by: By,
) -> None:
    """Why one item stays or goes. Who asked is noted in the ledger."""
    require_place(place, "PLACE")
    try:
        explanation = explain_item(open_runtime(), place, item, as_of=parse_as_of(as_of), asked_by=by)
    except ItemGoneError as error:
        if not as_json:
            show(_gone_words(error.gone))
        raise
    emit("explain", explanation, explanation_words(explanation), as_json=as_json)


def explanation_words(said: Mapping[str, Any]) -> str:
    """What `explain` says to people."""
    lines = [
        f"{said['status']}: {reason_words(said['reason'])}; dates rest on the {said['basis'].replace('_', ' ')}",
        said["rule"],
        f"clause {said['clause']}; {_dates(said)}",
        *(f"held by {hold} until {utc_minute(until)}" for hold, until in said["held_until"].items()),
    ]
    lines += [f"exempted by {one['name']} until {utc_minute(one['until'])}" for one in said["exemptions"]]
    if said["oldest_record_at"] is not None:
        youngest = utc_minute(said["youngest_record_at"])
        lines.append(
            f"its oldest record is of {utc_minute(said['oldest_record_at'])}, its youngest may be of {youngest}"
        )
    lines += _waiting_words(said)
    lines += [f"also under its name: {count} × {status}" for status, count in said["other_parts"].items()]
    return "\n".join([*lines, f"noted in the ledger as item {said['item_hash']} of place {said['place']}"])


def _gone_words(gone: Mapping[str, Any]) -> str:
    """Why it went, in words; when, and under which run, is said by the error."""
    lines = [f"gone: {' or '.join(map(reason_words, gone['reasons'])) or 'not recorded why'}"]
    if gone.get("rule") is not None:
        lines.append(f"{gone['rule']} Policy version {gone['policy_version']}.")
    if gone.get("ledger_entry") is not None:
        by = f", executed by {gone['by']}" if gone["by"] is not None else ""
        lines.append(f"recorded in entry {gone['ledger_entry']} of the ledger{by}")
    return "\n".join(lines)


def _waiting_words(said: Mapping[str, Any]) -> list[str]:
    """What has to go first; of an item that waits, it is said, too, where the source doesn't tell."""
    waits_for = [f"{counted_noun(one['items'], 'item')} of place {one['place']}" for one in said["waits_for"]]
    if not waits_for and said["reason"] == WAITS:
        waits_for = ["what the place's SQL doesn't count (columns `waits_for_<place>`, docs/data-map.md)"]
    return [f"has to go first: {', '.join(waits_for)}"] if waits_for else []


def _dates(said: Mapping[str, Any]) -> str:
    if said["due_at"] is None:
        return "no due time"
    unknown = "not known: nobody says until when it was kept"
    deadline = utc_minute(said["deadline_at"]) if said["deadline_at"] is not None else unknown
    return f"due {utc_minute(said['due_at'])}, deadline {deadline}"


def _plan(category: str, as_of: str | None, listing: bool, by: str, *, run: str) -> PlanSummary:
    """Plan; `run` says what for: a preview is no run for anybody else until it is approved or executed."""
    require_rule(category)
    instant = parse_as_of(as_of)
    coverage = "listing" if listing else "rows"
    run_id = f"{run}/{uuid.uuid4()}"
    return make_plan(open_runtime(), category, as_of=instant, run_id=run_id, requested_by=by, coverage=coverage)


def _plan_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise RequestError(f"found {text!r} as a plan; expected the id that `plan` printed") from None


def plan_words(summary: PlanSummary, action: Action) -> str:
    """What `plan` says to people."""
    lines = [
        summary.rule,
        f"plan {summary.plan_id}, digest {summary.digest}, valid until {utc_minute(summary.expires_at)}",
        f"{summary.due} of {summary.considered} are due; {_waiting(summary)}stay: {counted_reasons(summary.kept_by_reason)}",
    ]
    if summary.blocked:
        breach = f"comes at {utc_minute(summary.breaches_at)}" if summary.breaches_at else "may have come"
        lines.append(
            f"BLOCKED: {summary.blocked_reason}; the first breach {breach}. "
            f"A second person may approve exactly this: approve {summary.plan_id} --digest {summary.digest} --by P --reason R"
        )
    elif summary.as_of > datetime.now(UTC):
        lines.append(
            f"as of {utc_minute(summary.as_of)}, which is to come: whoever executed it would {action} what today is not due, "
            "or is held until then"
        )
    elif (summary.due or summary.waiting) and summary.mode == Mode.ENFORCE:
        lines.append(f"to {action} exactly this: dispose --plan {summary.plan_id} --digest {summary.digest}")
    elif summary.due:
        change = "lets it go" if action is Action.DELETE else "lets that happen"
        lines.append(
            f"mode {summary.mode}: nothing of it is {action.passive}; `mode {summary.category} enforce` {change}"
        )
    return "\n".join(lines)


def _waiting(summary: PlanSummary) -> str:
    return f"{summary.waiting} more follow if what has to go first goes; " if summary.waiting else ""


def _disposal_words(summary: DisposalSummary) -> str:
    done = Action(summary.action).done(dry_run=summary.dry_run)
    return (
        f"{summary.planned} planned, {summary.gone + summary.recovered} {done}, "
        f"spared: {counted_reasons(summary.spared)}, failed: {counted_reasons(summary.failures)}; "
        f"ledger {summary.ledger_head[:16]}…\nnot planned: {counted_reasons(summary.kept_by_reason)}"
    )
