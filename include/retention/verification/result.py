"""What a check says: findings, checks with what each looked at, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Severity(StrEnum):
    """How much a finding weighs. Exceptions and findings don't change the verdict."""

    BREACH = "breach"  # a promise is broken
    UNKNOWN = "unknown"  # nothing may be claimed
    FINDING = "finding"  # somebody should look at it
    EXCEPTION = "exception"  # lawfully kept past its limit


class Verdict(StrEnum):
    """What may be claimed about all categories of one check."""

    COMPLIANT = "compliant"
    BREACH = "breach"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of finding in one place. `count` is in the kind's unit (docs/findings.md), never zero."""

    kind: str
    severity: Severity
    category: str
    place: str
    count: int
    oldest_age_s: int | None
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def finding_id(self) -> str:
        """The same in every check, so that one can say since when it has been there."""
        return f"{self.category}/{self.place}/{self.kind}"

    def to_json(self) -> dict[str, Any]:
        """Fields of the command line's JSON."""
        return {
            "id": self.finding_id,
            "kind": self.kind,
            "category": self.category,
            "place": self.place,
            "count": self.count,
            "oldest_age_s": self.oldest_age_s,
            "severity": self.severity.value,
            "detail": dict(self.detail),
        }


@dataclass(frozen=True, slots=True)
class Check:
    """One check on one place: what ran, on how many things, and how it came out.

    `success` is None where the check itself failed: that is unknown, never a pass. False means that it found `found` of its
    kind; how much that weighs says `severity` (an exception is found, and lawful).
    """

    name: str
    kind: str
    severity: Severity
    place: str
    looked_at: int
    found: int
    success: bool | None
    gx_version: str

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return {
            "name": self.name,
            "kind": self.kind,
            "severity": self.severity.value,
            "place": self.place,
            "looked_at": self.looked_at,
            "found": self.found,
            "success": self.success,
            "gx_version": self.gx_version,
        }


@dataclass(frozen=True, slots=True)
class Headroom:
    """How long a category stays within its promises if nothing is deleted from now on.

    `headroom_s` is the time to the first breach (negative: since it), `oldest_age_s` the age of the oldest thing stored;
    both are None where nothing dated is stored. `oldest_unprotected_age_s` leaves out what a hold or an exemption keeps past
    its promised end. `next_deadline_at` is the first deadline that lies ahead.
    """

    headroom_s: int | None
    oldest_age_s: int | None
    oldest_unprotected_age_s: int | None
    next_deadline_at: datetime | None

    def to_json(self) -> dict[str, Any]:
        """All fields, the instant in ISO 8601."""
        at = self.next_deadline_at
        return {
            "headroom_s": self.headroom_s,
            "oldest_age_s": self.oldest_age_s,
            "oldest_unprotected_age_s": self.oldest_unprotected_age_s,
            "next_deadline_at": at.isoformat() if at is not None else None,
        }


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One whole check, as it was also written to `retention.check_runs`.

    `places_failed` gives the store's code for each place that could not be read, `explanations` what to do about it.
    """

    check_run_id: UUID
    categories: tuple[str, ...]
    as_of: datetime
    started_at: datetime
    finished_at: datetime
    verdict: Verdict
    policy_version: str
    promises_digest: str
    map_digest: str
    inventory_digest: str
    places_read: tuple[str, ...]
    places_failed: Mapping[str, str]
    explanations: Mapping[str, str]
    findings: tuple[Finding, ...]
    checks: tuple[Check, ...]
    counts: Mapping[str, int]
    headroom: Mapping[str, Headroom]

    def to_json(self) -> dict[str, Any]:
        """Fields of the command line's JSON for `verify`; plain JSON values, no identifier of a person or item."""
        return {
            "schema": "retention/verify/1",
            "check_run_id": str(self.check_run_id),
            "verdict": self.verdict.value,
            "policy_version": self.policy_version,
            "promises_digest": self.promises_digest,
            "map_digest": self.map_digest,
            "as_of": self.as_of.isoformat(),
            "started_at": self.started_at.isoformat(),
            "finished_at": self.finished_at.isoformat(),
            "categories": list(self.categories),
            "inventory_digest": self.inventory_digest,
            "places": {
                "read": len(self.places_read),
                "failed": sorted(self.places_failed),
                "names": list(self.places_read),
                "reasons": dict(self.places_failed),
                "explanations": dict(self.explanations),
            },
            "findings": [finding.to_json() for finding in self.findings],
            "checks": [check.to_json() for check in self.checks],
            "counts": dict(self.counts),
            "headroom": {category: room.to_json() for category, room in self.headroom.items()},
        }


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """A breach outweighs what is unknown: it is certain. Only where nothing is unknown may anything be called compliant."""
    severities = {finding.severity for finding in findings}
    if Severity.BREACH in severities:
        return Verdict.BREACH
    return Verdict.UNKNOWN if Severity.UNKNOWN in severities else Verdict.COMPLIANT
