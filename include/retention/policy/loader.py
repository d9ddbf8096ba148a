"""Promises and rules from YAML: every problem is named with file, line, what was found and what was expected."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retention.documents import Document, read_document
from retention.errors import PolicyError, Problem
from retention.policy.model import Consents, Maximum, Promise, Promises, RetentionRule, RuleVersion
from retention.policy.periods import format_elapsed
from retention.policy.schedule import unkept

PROMISES_FILE = "promises.yaml"
CLAUSES = frozenset(
    "audio audio-consent no-training encryption contract transcript marketing leads logs usage cookies erasure rights "
    "recipients transfers role backups minors reminder version no-autodecision".split()
)
"""The clauses of the privacy policy that this project knows (clauses.md)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """All promises and rules of one folder; the digests name exactly what was loaded."""

    promises: Promises
    rules: dict[str, RetentionRule]
    promises_digest: str
    rules_digest: str

    def rule(self, category: str) -> RetentionRule:
        """The category's rule; raises PolicyError where there is none, because a place without a rule is unknown."""
        if category not in self.rules:
            known = ", ".join(sorted(self.rules))
            raise PolicyError([Problem("policies", 1, "unknown_category", repr(category), f"one of: {known}")])
        return self.rules[category]


def load_policy(folder: Path) -> Policy:
    """Read `promises.yaml` and every rule beside it. Raises PolicyError with all problems found at once."""
    promises, promises_document = load_promises(folder)
    documents = [
        read_document(path, PolicyError) for path in sorted(folder.glob("*.yaml")) if path.name != PROMISES_FILE
    ]
    if not documents:
        raise PolicyError([Problem(str(folder), 1, "no_rules", "no rule file", "one YAML file per data category")])
    problems: list[Problem] = []
    rules: dict[str, RetentionRule] = {}
    for document in documents:
        try:
            rule = document.build(RetentionRule, PolicyError)
        except PolicyError as error:
            problems += error.problems
            continue
        problems += _check_rule(document, rule, promises)
        if rule.category in rules:
            found = f"a second rule for category {rule.category!r}"
            problems.append(document.problem(("category",), "two_rules", found, "exactly one rule per category"))
        rules[rule.category] = rule
    if problems:
        raise PolicyError(problems)
    digest = hashlib.sha256(b"".join(hashlib.sha256(document.raw).digest() for document in documents)).hexdigest()
    return Policy(promises, rules, promises_document.digest, digest)


def load_promises(folder: Path) -> tuple[Promises, Document]:
    """Read `promises.yaml` alone: all that verification needs of the policy."""
    document = read_document(folder / PROMISES_FILE, PolicyError)
    promises = document.build(Promises, PolicyError)
    problems = [
        document.problem(
            ("promises", clause), "unknown_clause", repr(clause), "a clause of the privacy policy (clauses.md)"
        )
        for clause in promises.promises
        if clause not in CLAUSES
    ]
    for clause, promise in promises.promises.items():
        if promise.exemption is not None and _promised_consents(promises, promise) is None:
            found = f"an exemption by {promise.exemption!r}, which promises no consents"
            path = ("promises", clause, "exemption")
            problems.append(document.problem(path, "unknown_clause", found, "a clause in this file with `consents`"))
    if problems:
        raise PolicyError(problems)
    return promises, document


def _check_rule(document: Document, rule: RetentionRule, promises: Promises) -> list[Problem]:
    """What a rule that reads well can still get wrong against its promise."""
    promise = promises.promises.get(rule.clause)
    if promise is None:
        known = ", ".join(sorted(promises.promises))
        return [document.problem(("clause",), "unknown_clause", repr(rule.clause), f"a promised clause: {known}")]
    problems: list[Problem] = []
    for position, version in enumerate(rule.versions):
        problems += _check_version(document, ("versions", position), version, promise, promises)
    for version, start, needed, room in unkept(rule):
        position = rule.versions.index(version)
        path = ("versions", position, "start_points", version.start_points.index(start))
        found = f"a schedule that may take {format_elapsed(needed)} until an item is gone"
        expected = f"at most {format_elapsed(room)}, the time between due and deadline of {start.event}"
        problems.append(document.problem(path, "schedule_breaks_promise", found, expected))
    newest = rule.versions[-1].policy_version
    if newest != promises.policy_version:
        found = f"rules for the policy of {newest!r}"
        expected = f"a version reviewed for the policy of {promises.policy_version!r}"
        problems.append(
            document.problem(
                ("versions", len(rule.versions) - 1, "policy_version"), "stale_policy_version", found, expected
            )
        )
    return problems


def _check_version(
    document: Document, path: tuple[Any, ...], version: RuleVersion, promise: Promise, promises: Promises
) -> list[Problem]:
    problems: list[Problem] = []
    for maximum in promise.maxima:
        problems += _check_maximum(document, path, version, maximum)
    if version.exemption is not None:
        promised = _promised_consents(promises, promise)
        for found, expected in _weaker_exemption(version.exemption, promised):
            problems.append(document.problem((*path, "exemption"), "weaker_than_promise", found, expected))
    return problems


def _check_maximum(document: Document, path: tuple[Any, ...], version: RuleVersion, maximum: Maximum) -> list[Problem]:
    start = next((start for start in version.start_points if start.event == maximum.event), None)
    if start is None:
        found = f"no start point {maximum.event!r}"
        expected = f"one, gone within {format_elapsed(maximum.deadline_after)}, as promised"
        return [document.problem((*path, "start_points"), "weaker_than_promise", found, expected)]
    if start.deadline_after > maximum.deadline_after:
        found = f"gone {format_elapsed(start.deadline_after)} after {maximum.event}"
        expected = f"within {format_elapsed(maximum.deadline_after)}, as promised"
        where = (*path, "start_points", version.start_points.index(start))
        return [document.problem(where, "weaker_than_promise", found, expected)]
    return []


def _promised_consents(promises: Promises, promise: Promise) -> Consents | None:
    clause = promises.promises.get(promise.exemption) if promise.exemption is not None else None
    return clause.consents if clause is not None else None


def _weaker_exemption(asked: Consents, promised: Consents | None) -> list[tuple[str, str]]:
    """Where a rule exempts more than the policy does: (found, expected) for each point."""
    if promised is None:
        return [("an exemption", "none: the promise knows no exemption")]
    weaker = []
    if asked.scope != promised.scope:
        weaker.append((f"scope {asked.scope!r}", f"scope {promised.scope!r}, as promised"))
    missing = [party for party in promised.parties if party not in asked.parties]
    if missing:
        weaker.append((f"no consent of: {', '.join(missing)}", "the consent of every promised party"))
    for name in ("review_every", "review_grace"):
        found, limit = getattr(asked, name), getattr(promised, name)
        if found > limit:
            weaker.append((f"{name} of {format_elapsed(found)}", f"at most {format_elapsed(limit)}, as promised"))
    return weaker
