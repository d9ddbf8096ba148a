"""Whether a rule is at least as strict as its promise, and whether its schedule can keep it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from retention.documents import Document
from retention.errors import Problem
from retention.policy.model import (
    LONGEST_LEAD,
    Consents,
    Maximum,
    Promise,
    Promises,
    RetentionRule,
    RuleVersion,
    StartPoint,
)
from retention.policy.periods import format_elapsed
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
    for position, version in enumerate(rule.versions):
        if superseding(rule, position, promises) is None:
            path = ("versions", position)
            problems += _check_maxima(document, path, version, promise)
            problems += _check_exemption(document, path, version, promised_consents(promises, promise))
            problems += _check_leads(document, path, version)
    problems += _check_schedule(document, rule, promises)
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
