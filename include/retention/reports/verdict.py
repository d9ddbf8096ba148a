"""The verdict over everything that a check saw.

A check's own verdict is never improved here, only worsened: by a place that could not be read, a category that nobody
checked, a check that did not finish, or a breach among its findings. What it says of a later instant: `standing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from retention.reports.document import Check, Figure, Finding
from retention.verification.result import Verdict

WEIGHTS = ("breach", "unknown", "finding", "exception")


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Breach over unknown over compliant; of nothing: unknown."""
    found = set(verdicts)
    for verdict in (Verdict.BREACH, Verdict.UNKNOWN):
        if verdict in found:
            return verdict
    return Verdict.COMPLIANT if found else Verdict.UNKNOWN


def overall(check: Check | None, findings: Sequence[Finding], places: Mapping[str, Sequence[str]]) -> Verdict:
    """The verdict over all categories that have a rule; `places` are each one's places in the data map."""
    if check is None:
        return Verdict.UNKNOWN
    unread = [Verdict.UNKNOWN for place in check.places if not place.read]
    categories = [of_category(check, findings, category, names) for category, names in places.items()]
    return worst([stated(check), *_weights(findings), *unread, *categories])


def of_category(check: Check | None, findings: Sequence[Finding], category: str, places: Sequence[str]) -> Verdict:
    """The verdict over one category: was it checked, were all its places read, and what was found in it.

    What the check states without showing where it lies falls on every category.
    """
    if check is None or check.finished_at is None:
        return Verdict.UNKNOWN
    doubts = [] if saw_completely(check, category, places) else [Verdict.UNKNOWN]
    here = (f for f in findings if f.category == category or not _lies_in_a_place(f, check))
    found = worst([Verdict.COMPLIANT, *doubts, *_weights(here)])
    unread = [Verdict.UNKNOWN for place in check.places if not place.read]
    shown = worst([Verdict.COMPLIANT, *unread, *_weights(findings)])
    return worst([found, stated(check)]) if worst([shown, stated(check)]) is not shown else found


def weighs_beside_places(check: Check, findings: Sequence[Finding], category: str) -> bool:
    """Whether nothing was found in the category itself, so that a verdict other than compliant comes from beside all places."""
    here = [finding for finding in findings if finding.category == category and _lies_in_a_place(finding, check)]
    beside = [finding for finding in findings if not _lies_in_a_place(finding, check)]
    return bool(_weights(beside)) and not _weights(here)


def _lies_in_a_place(finding: Finding, check: Check) -> bool:
    """Whether a place of the data map has it. What was found beside all places, such as a bucket that nobody mapped or changed
    evidence, may concern any category."""
    return any(finding.place == place.place for place in check.places)


def saw_completely(check: Check | None, category: str, places: Sequence[str]) -> bool:
    """Whether a finished check read all places of the category, so that finding none of a thing means that there is none."""
    if check is None or check.finished_at is None or category not in check.categories:
        return False
    return not unread_places(check, places)


def unread_places(check: Check, places: Sequence[str]) -> tuple[str, ...]:
    """Places that the check says it failed to read, or says nothing of."""
    read = {place.place for place in check.places if place.read}
    return tuple(place for place in places if place not in read)


def stated(check: Check) -> Verdict:
    """What the check itself said about everything that it looked at."""
    return Verdict(check.verdict) if check.verdict is not None else Verdict.UNKNOWN


def _weights(findings: Iterable[Finding]) -> list[Verdict]:
    weights = {"breach": Verdict.BREACH, "unknown": Verdict.UNKNOWN}
    return [weights[finding.severity] for finding in findings if finding.severity in weights]


def figures(findings: Sequence[Finding], *, complete: bool) -> tuple[Figure, ...]:
    """How much was found of each weight; without a `complete` look nothing found is not known to be nothing."""
    found = {weight: sum(f.count for f in findings if f.severity == weight) for weight in WEIGHTS}
    return tuple(Figure(weight, n if n or complete else None, bool(n) and not complete) for weight, n in found.items())
