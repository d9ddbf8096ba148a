"""What verification recorded in our own database: the check run, its findings, and what it looked at.

Everything here is read with suspicion: what a check did not record is None ("not known"), never a zero or a pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from retention import settings
from retention.database import OwnConnection
from retention.datamap.categories import known_categories
from retention.datamap.loader import DataMap, load_datamap
from retention.errors import RequestError
from retention.policy.loader import Policy, load_policy
from retention.policy.model import Action
from retention.reports import kinds
from retention.reports.as_json import instant_of
from retention.reports.document import Check, CheckOnPlace, Finding, PlaceResult
from retention.reports.places import kept_by_others

_SELECT = (
    "SELECT check_run_id, as_of, started_at, finished_at, verdict, categories, places_read, places_failed, policy_version, "
    "promises_digest, map_digest, inventory_digest, ledger_seq, ledger_head, summary FROM retention.check_runs"
)


class Documents(NamedTuple):
    """SHA-256 of the two documents that a check rests on: the promises, and the data map.

    Of those that count now also what they say: each category's `places` (None: not known), which categories are `anonymised`
    instead of deleted, and of which others keep all copies.
    """

    promises: str
    map: str
    places: Mapping[str, tuple[str, ...]] | None = None
    anonymised: frozenset[str] = frozenset()
    kept_by_others: frozenset[str] = frozenset()


def changed_documents(then: Documents, now: Documents) -> tuple[str, ...]:
    """Which documents are others now than those of a check: `promises`, `map`. It proves nothing about these."""
    return tuple(name for name in ("promises", "map") if getattr(then, name) != getattr(now, name))


def documents_now(policy: Policy, datamap: DataMap) -> Documents:
    """The documents as they are loaded now."""
    anonymised = frozenset(category for category, rule in policy.rules.items() if rule.action is Action.ANONYMISE)
    return Documents(
        policy.promises_digest,
        datamap.digest,
        places_by_category(policy, datamap),
        anonymised,
        kept_by_others(datamap),
    )


def places_by_category(policy: Policy, datamap: DataMap) -> dict[str, tuple[str, ...]]:
    """The names of the places of each category that has a rule or a place."""
    return {
        category: tuple(name for name, place in datamap.places.items() if place.spec.category == category)
        for category in known_categories(policy, datamap)
    }


def current_policy() -> tuple[Policy, DataMap]:
    """What the documents of the folders say that the settings name, read anew. Raises InputError where they can't be read."""
    return load_policy(settings.policies_folder()), load_datamap(settings.datamap_folder())


@dataclass(frozen=True, slots=True)
class CategoryFacts:
    """How one category stands; None where the check does not say, and `nothing_stored` where it says that nothing is there.

    `oldest_plain_age_s` is the age of the oldest item that no hold and no exemption keeps.
    """

    oldest_age_s: int | None = None
    oldest_plain_age_s: int | None = None
    headroom_s: int | None = None
    nothing_stored: bool = False


@dataclass(frozen=True, slots=True)
class CheckRead:
    """One check run with its findings, its single checks, and what it saw, by category."""

    check: Check
    findings: tuple[Finding, ...]
    checks: tuple[CheckOnPlace, ...]
    looked_at: Mapping[str, int]
    facts: Mapping[str, CategoryFacts]


def last_proof_id(
    own: OwnConnection, until: datetime, *, category: str | None = None, since: datetime | None = None
) -> UUID | None:
    """The newest proof (of the category) that began at or after `since` and had finished at `until`; None where there was none.

    A run of the future, written by a clock that was ahead, is none: it would hide every later one.
    """
    row = own.execute(
        "SELECT check_run_id FROM retention.check_runs WHERE is_proof AND finished_at <= %(until)s "
        "AND started_at <= clock_timestamp() AND started_at >= coalesce(%(since)s, '-infinity'::timestamptz) "
        "AND (%(category)s::text IS NULL OR %(category)s = ANY(categories)) ORDER BY started_at DESC LIMIT 1",
        {"until": until, "since": since, "category": category},
    ).fetchone()
    return row["check_run_id"] if row else None


def last_coverage_id(own: OwnConnection, until: datetime) -> UUID | None:
    """The newest finished check up to then that looked for what nobody mapped: it counted the tables that it could see."""
    row = own.execute(
        "SELECT check_run_id FROM retention.check_runs WHERE finished_at IS NOT NULL AND started_at <= %s "
        "AND summary #> '{counts,tables}' IS NOT NULL ORDER BY started_at DESC LIMIT 1",
        (until,),
    ).fetchone()
    return row["check_run_id"] if row else None


def read_check(own: OwnConnection, check_run_id: UUID) -> CheckRead:
    """The check run with this id. Raises RequestError where there is none."""
    row = own.execute(f"{_SELECT} WHERE check_run_id = %s", (check_run_id,)).fetchone()
    if row is None:
        raise RequestError(f"found no check run {check_run_id}; expected the id that `verify` printed")
    summary, findings = row["summary"], _findings(own, row["check_run_id"])
    excepted = {finding.category for finding in findings if finding.severity == "exception"}
    return CheckRead(
        check=_check(row),
        findings=findings,
        checks=tuple(_check_on_place(check) for check in summary.get("checks", ())),
        looked_at={name: int(count) for name, count in summary.get("counts", {}).items() if _count(count) is not None},
        facts={
            category: _facts(seen, exceptions=category in excepted)
            for category, seen in summary.get("headroom", {}).items()
        },
    )


def _check(row: Mapping[str, Any]) -> Check:
    places = [*_places(row["places_read"], read=True), *_places(row["places_failed"], read=False)]
    return Check(
        check_run_id=row["check_run_id"],
        as_of=row["as_of"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        verdict=row["verdict"] if row["finished_at"] is not None else None,
        categories=tuple(row["categories"]),
        places=tuple(sorted(places, key=lambda place: (place.read, place.place))),
        policy_version=row["policy_version"],
        promises_digest=row["promises_digest"],
        map_digest=row["map_digest"],
        inventory_digest=row["inventory_digest"],
        ledger_seq=row["ledger_seq"],
        ledger_head=row["ledger_head"],
    )


def _places(entries: Sequence[Any], *, read: bool) -> list[PlaceResult]:
    """Places read are listed by name, those that failed as objects with `place` and `reason`."""
    return [
        PlaceResult(entry, read)
        if isinstance(entry, str)
        else PlaceResult(str(entry["place"]), read, entry.get("reason"))
        for entry in entries
    ]


_BY_WEIGHT = {"breach": 0, "unknown": 1, "finding": 2, "exception": 3}


def _findings(own: OwnConnection, check_run_id: UUID) -> tuple[Finding, ...]:
    """Heaviest first, then the largest."""
    rows = own.execute(
        "SELECT finding_id, kind, category, place, severity, count, oldest_age_s, detail FROM retention.findings "
        "WHERE check_run_id = %s",
        (check_run_id,),
    ).fetchall()
    rows.sort(
        key=lambda row: (_BY_WEIGHT[row["severity"]], -row["count"], row["kind"], row["place"], row["finding_id"])
    )
    return tuple(_finding(row) for row in rows)


def _finding(row: Mapping[str, Any]) -> Finding:
    detail = row["detail"]
    return Finding(
        finding_id=row["finding_id"],
        kind=row["kind"],
        title=kinds.title(row["kind"]),
        action=kinds.action(row["kind"]),
        category=row["category"],
        place=row["place"],
        severity=row["severity"],
        count=row["count"],
        unit=kinds.unit(row["kind"]),
        oldest_age_s=row["oldest_age_s"],
        reasons={str(reason): int(count) for reason, count in detail.get("reasons", {}).items()},
        first_end_at=instant_of(detail.get("earliest_end")),
        last_end_at=instant_of(detail.get("latest_end")),
        explanation=detail.get("explanation"),
    )


def _facts(seen: Mapping[str, Any], *, exceptions: bool) -> CategoryFacts:
    oldest_age_s, headroom_s = _count(seen.get("oldest_age_s")), _count(seen.get("headroom_s"))
    # Without exceptions the oldest item of all is also the oldest that nothing keeps.
    plain = seen.get("oldest_unprotected_age_s", None if exceptions else oldest_age_s)
    nothing_stored = oldest_age_s is None and headroom_s is None
    return CategoryFacts(oldest_age_s, _count(plain), headroom_s, nothing_stored)


def _check_on_place(check: Mapping[str, Any]) -> CheckOnPlace:
    success = check.get("success")
    outcome = "passed" if success is True else "failed" if success is False else "unknown"
    return CheckOnPlace(
        name=str(check["name"]),
        kind=str(check["kind"]),
        title=kinds.title(str(check["kind"])),
        place=check.get("place"),
        looked_at=_count(check.get("looked_at")),
        found=_count(check.get("found")) if outcome != "unknown" else None,
        outcome=outcome,
    )


def _count(value: object) -> int | None:
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
