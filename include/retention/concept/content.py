"""What the deletion concept says, as a frozen document: nothing in it is written by hand, and nothing names a person.

The terms are those of ISO/IEC 27555: clusters of PII (Datenarten), start points, regular deletion periods, minimum retention
periods, deletion classes, deletion rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from retention.datamap.loader import DataMap
from retention.datamap.system_map import NotPersonal
from retention.policy.loader import Policy
from retention.policy.model import Consents, Minimum, Promise, RetentionRule, RuleVersion, StartPoint
from retention.reports.places import PlaceOfMap, places_of_map

RELATION_ENDS = frozenset({"contract_ended"})
"""Events with which a relation to somebody ends."""


@dataclass(frozen=True, slots=True)
class Start:
    """One start point: jobs act `due_after` the event, it is gone `deadline_after`; `class_name` is its deletion class."""

    event: str
    due_after: timedelta
    deadline_after: timedelta
    at_once: bool
    kind: str
    class_name: str


@dataclass(frozen=True, slots=True)
class DeletionClass:
    """All that goes after the same period from the same kind of start point (`arising`, `event`, `relation`)."""

    name: str
    kind: str
    period: timedelta
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Category:
    """One data category with its rule and where it lies."""

    rule: RetentionRule
    version: RuleVersion
    promise: Promise
    starts: tuple[Start, ...]
    consents: Consents | None
    minimum: Minimum | None
    places: tuple[PlaceOfMap, ...]


@dataclass(frozen=True, slots=True)
class Concept:
    """The whole concept as of `written_at`. `backups_kept` is how long the oldest backup of a source lives; None: not known."""

    written_at: datetime
    policy: Policy
    map_digest: str
    categories: tuple[Category, ...]
    classes: tuple[DeletionClass, ...]
    clauses_without_rule: tuple[tuple[str, Promise], ...]
    places_without_rule: tuple[PlaceOfMap, ...]
    not_personal: tuple[NotPersonal, ...]
    backups_kept: timedelta | None


def read_concept(
    policy: Policy, datamap: DataMap, *, written_at: datetime, backups_kept: timedelta | None = None
) -> Concept:
    """The concept of these documents."""
    classes = _classes(policy)
    names = {(one.kind, one.period): one.name for one in classes}
    places = places_of_map(datamap, {})
    return Concept(
        written_at=written_at,
        policy=policy,
        map_digest=datamap.digest,
        categories=tuple(
            _category(rule, policy, places, names) for _category_name, rule in sorted(policy.rules.items())
        ),
        classes=classes,
        clauses_without_rule=tuple(
            (clause, promise) for clause, promise in policy.promises.promises.items() if not promise.maxima
        ),
        places_without_rule=tuple(place for place in places if place.category not in policy.rules),
        not_personal=datamap.not_personal,
        backups_kept=backups_kept,
    )


def _category(
    rule: RetentionRule, policy: Policy, places: tuple[PlaceOfMap, ...], names: dict[tuple[str, timedelta], str]
) -> Category:
    version = rule.versions[-1]
    return Category(
        rule=rule,
        version=version,
        promise=policy.promises.promises[rule.clause],
        starts=tuple(
            Start(
                start.event,
                start.due_after,
                start.deadline_after,
                start.allowed_latency is not None,
                _kind(start),
                names[_kind(start), start.deadline_after],
            )
            for start in _that_end(version)
        ),
        consents=version.exemption,
        minimum=version.minimum,
        places=tuple(place for place in places if place.category == rule.category),
    )


def _classes(policy: Policy) -> tuple[DeletionClass, ...]:
    """Shortest first, within one kind of start point."""
    found: dict[tuple[str, timedelta], list[str]] = {}
    for category, rule in sorted(policy.rules.items()):
        for start in _that_end(rule.versions[-1]):
            members = found.setdefault((_kind(start), start.deadline_after), [])
            members += [category] if category not in members else []
    return tuple(
        DeletionClass(f"K{number}", kind, period, tuple(found[kind, period]))
        for number, (kind, period) in enumerate(sorted(found), start=1)
    )


def _that_end(version: RuleVersion) -> list[StartPoint]:
    return [start for start in version.start_points if not start.never]


def _kind(start: StartPoint) -> str:
    if start.every_item:
        return "arising"
    return "relation" if start.event in RELATION_ENDS else "event"
