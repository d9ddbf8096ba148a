"""Whether a rule is at least as strict as its promise, and whether its schedule can keep it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from retention.documents import Document
from retention.errors import Problem
from retention.policy.model import (
    Consents,
    Maximum,
    Promise,
    Promises,
    RetentionRule,
    RuleVersion,
    StartPoint,
    TenantLimit,
    TenantTerms,
)
from retention.policy.periods import format_elapsed
from retention.policy.rule_version import LONGEST_LEAD
from retention.policy.schedule import arithmetic, unkept

WEAKER = "weaker_than_promise"


def check_rule(document: Document, rule: RetentionRule, promises: Promises) -> list[Problem]:
    """What a rule that reads well can still get wrong against its promise."""
    promise = promises.promises.get(rule.clause)
    if promise is None or not promise.maxima:
        found = repr(rule.clause) if promise is None else f"{rule.clause!r}, a clause that promises no maximum"
        known = ", ".join(sorted(clause for clause, known in promises.promises.items() if known.maxima))
        return [document.problem(("clause",), "unknown_clause", found, f"a clause with a promised maximum: {known}")]
    problems: list[Problem] = []
    if rule.category != rule.clause:
        found = f"category {rule.category!r} and clause {rule.clause!r}"
        expected = "the same name for both: verification, which knows no rules, finds a place's promise by its category"
        problems.append(document.problem(("category",), "other_clause", found, expected))
    for position, version in enumerate(rule.versions):
        if superseding(rule, position, promises) is None:
            path = ("versions", position)
            problems += _check_maxima(document, path, version, promise)
            problems += _check_exemption(document, path, version, promised_consents(promises, promise))
            problems += _check_duties(document, path, version, promise)
            problems += _check_leads(document, path, version)
    problems += _check_schedule(document, rule, promises)
    problems += _check_after_protection(document, rule, promise)
    newest = len(rule.versions) - 1
    if rule.versions[newest].policy_version != promises.policy_version:
        found = f"a rule reviewed for the policy of {rule.versions[newest].policy_version!r}"
        expected = f"a newest version that was reviewed for the policy of {promises.policy_version!r}"
        problems.append(
            document.problem(("versions", newest, "policy_version"), "stale_policy_version", found, expected)
        )
    return problems


def superseding(rule: RetentionRule, position: int, promises: Promises) -> RuleVersion | None:
    """The version that has replaced this one since the current policy's own day; None where this one still counts.

    Only so can a promise become stricter without rewriting the rule's history. Later versions only shorten (Terms), so what
    the superseded version says no longer weighs against the promise.
    """
    try:
        policy_day = date.fromisoformat(promises.policy_version)
    except ValueError:
        return None
    for version in rule.versions[position + 1 :]:
        if version.policy_version == promises.policy_version and version.effective_from <= policy_day:
            return version
    return None


def promised_consents(promises: Promises, promise: Promise) -> Consents | None:
    """The consents that exempt from this promise, or None."""
    clause = promises.promises.get(promise.exemption) if promise.exemption is not None else None
    return clause.consents if clause is not None else None


def _check_maxima(
    document: Document, path: tuple[Any, ...], version: RuleVersion, promise: Promise
) -> Iterator[Problem]:
    for maximum in promise.maxima:
        start = _start_for(version, maximum)
        promised = (
            f"within {format_elapsed(maximum.deadline_after)} of {maximum.event}, as promised in {promise.section}"
        )
        if start is None:
            found = f"no start point {maximum.event!r}"
            yield document.problem((*path, "start_points"), WEAKER, found, f"one: gone {promised}")
        elif start.deadline_after > maximum.deadline_after:
            where = (*path, "start_points", version.start_points.index(start), _deadline_key(start))
            found = f"gone only {format_elapsed(start.deadline_after)} after {maximum.event}"
            yield document.problem(where, WEAKER, found, promised)
        else:
            yield from _check_marks(
                document, (*path, "start_points", version.start_points.index(start)), start, maximum
            )


def _check_marks(document: Document, path: tuple[Any, ...], start: StartPoint, maximum: Maximum) -> Iterator[Problem]:
    """Who decides an event, and whether it may lie ahead, must be the same on both sides."""
    for mark in ("on_request", "may_lie_ahead"):
        if getattr(start, mark) != getattr(maximum, mark):
            found = f"{mark}: {str(getattr(start, mark)).lower()} at {start.event}"
            expected = f"{str(getattr(maximum, mark)).lower()}, as the promise has it"
            yield document.problem((*path, mark), "differs_from_promise", found, expected)


def _check_duties(
    document: Document, path: tuple[Any, ...], version: RuleVersion, promise: Promise
) -> Iterator[Problem]:
    if version.duties and not promise.duties:
        yield document.problem(
            (*path, "duties"), WEAKER, "duties: true", "none: the promise knows no duty of single items"
        )


def _check_after_protection(document: Document, rule: RetentionRule, promise: Promise) -> Iterator[Problem]:
    """The time that is promised after a protection ended must be kept, and must be enough for one run."""
    protects = any(version.exemption or version.duties for version in rule.versions)
    if promise.after_protection is None and rule.after_protection is None:
        return
    promised = promise.after_protection or min(
        (maximum.allowed_latency for maximum in promise.maxima if maximum.allowed_latency is not None), default=None
    )
    if promised is None or rule.release_latency > promised:
        found = f"gone {format_elapsed(rule.release_latency)} after a protection ended"
        expected = (
            f"at most {format_elapsed(promised)}, as promised" if promised else "a promise with `after_protection`"
        )
        yield document.problem(("after_protection",) if rule.after_protection else (), WEAKER, found, expected)
    elif rule.release_latency < rule.schedule.needed(0) and (protects or rule.after_protection is not None):
        found = f"{format_elapsed(rule.release_latency)} after a protection ended"
        expected = f"at least {format_elapsed(rule.schedule.needed(0))}, which one run may take"
        yield document.problem(("after_protection",), "schedule_breaks_promise", found, expected)


def check_tenant(document: Document, terms: TenantTerms, rules: Mapping[str, RetentionRule]) -> Iterator[Problem]:
    """What a customer's terms can get wrong against the rules: they may shorten a limit, never lengthen it."""
    for category, limits in terms.limits.items():
        rule = rules.get(category)
        if rule is None:
            known = ", ".join(sorted(rules))
            yield document.problem(("limits", category), "unknown_category", repr(category), f"one of: {known}")
            continue
        for position, one in enumerate(limits):
            yield from _check_tenant_limit(document, ("limits", category, position), one, rule)


def _check_tenant_limit(
    document: Document, path: tuple[Any, ...], one: TenantLimit, rule: RetentionRule
) -> Iterator[Problem]:
    starts = [start for version in rule.versions for start in version.start_points if start.event == one.event]
    makes_due = [start for start in starts if not start.never]
    if not makes_due:
        known = ", ".join(s.event for s in rule.versions[-1].start_points if not s.never)
        yield document.problem((*path, "event"), "unknown_event", repr(one.event), f"one of: {known}")
        return
    longest, room = min(s.deadline_after for s in makes_due), min(s.deadline_after - s.due_after for s in makes_due)
    if one.limit > longest:
        found = f"{format_elapsed(one.limit)} after {one.event}"
        yield document.problem(
            (*path, "limit"), "lengthens_limit", found, f"at most {format_elapsed(longest)}, the rule's"
        )
    elif one.limit < room:
        found = f"{format_elapsed(one.limit)} after {one.event}"
        expected = f"at least {format_elapsed(room)}, the time that the rule leaves between due and deadline"
        yield document.problem((*path, "limit"), "schedule_breaks_promise", found, expected)


def _check_exemption(
    document: Document, path: tuple[Any, ...], version: RuleVersion, promised: Consents | None
) -> Iterator[Problem]:
    """Where a rule exempts more than the policy does."""
    asked = version.exemption
    if asked is None:
        return
    path = (*path, "exemption")
    if promised is None:
        yield document.problem(path, WEAKER, "an exemption", "none: the promise knows no exemption")
        return
    if asked.scope != promised.scope:
        yield document.problem((*path, "scope"), WEAKER, f"scope {asked.scope!r}", f"{promised.scope!r}, as promised")
    missing = [party for party in promised.parties if party not in asked.parties]
    if missing:
        found, expected = f"no consent of: {', '.join(missing)}", f"the consent of: {', '.join(promised.parties)}"
        yield document.problem((*path, "parties"), WEAKER, found, f"{expected}, as promised")
    for key in ("review_every", "review_grace"):
        found, limit = getattr(asked, key), getattr(promised, key)
        if found > limit:
            expected = f"at most {format_elapsed(limit)}, as promised"
            yield document.problem((*path, key), WEAKER, f"{key} of {format_elapsed(found)}", expected)


def _check_leads(document: Document, path: tuple[Any, ...], version: RuleVersion) -> Iterator[Problem]:
    """Jobs that act long before the limit delete what may still be needed, and verification could not tell."""
    for position, start in enumerate(version.start_points):
        if start.lead is not None and start.lead > LONGEST_LEAD:
            where = (*path, "start_points", position, "lead")
            expected = f"at most {format_elapsed(LONGEST_LEAD)}"
            yield document.problem(where, "lead_too_long", f"a lead of {format_elapsed(start.lead)}", expected)


def _check_schedule(document: Document, rule: RetentionRule, promises: Promises) -> Iterator[Problem]:
    for version, start, needed, available in unkept(rule):
        position = rule.versions.index(version)
        later = superseding(rule, position, promises)
        if later is not None and _is_tightened(start, later):
            continue
        path = ("versions", position, "start_points", version.start_points.index(start), _room_key(start))
        found = f"{format_elapsed(available)} between due and deadline of {start.event}"
        expected = f"at least {format_elapsed(needed)}, which the schedule may take: {arithmetic(rule, start)}"
        yield document.problem(path, "schedule_breaks_promise", found, expected)


def _is_tightened(start: StartPoint, later: RuleVersion) -> bool:
    """Whether the later version sets the deadline of this event: then its own lead is what counts."""
    return any(s.event == start.event and s.deadline_after <= start.deadline_after for s in later.start_points)


def _start_for(version: RuleVersion, maximum: Maximum) -> StartPoint | None:
    return next((start for start in version.start_points if start.event == maximum.event), None)


def _deadline_key(start: StartPoint) -> str:
    return "limit" if start.limit is not None else "allowed_latency"


def _room_key(start: StartPoint) -> str:
    return "lead" if start.lead is not None else "allowed_latency"
