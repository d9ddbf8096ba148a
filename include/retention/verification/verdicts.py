"""From the judged inventory to findings, checks and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from retention.verification.clocks import Clocks
from retention.verification.expectations import Expected, Outcome
from retention.verification.inventory import Inventory
from retention.verification.kinds import KINDS, Kind
from retention.verification.result import Check, Finding, Headroom
from retention.verification.trail import Trail

LookedAt = Mapping[tuple[str, str], Counter[str]]
"""For each (category, place): how many parts, rows, protected items … were read there."""

_COUNT = """
SELECT
    place,
    category,
    reason,
    GROUPING(reason) = 0 AS is_reason,
    count(DISTINCT unit) AS units,
    count(DISTINCT entry_no) AS entries,
    min(start_at) AS oldest_at,
    min(ends_at) AS first_end_at,
    max(ends_at) AS last_end_at
FROM ({definition}) AS found
GROUP BY GROUPING SETS ((place, category), (place, category, reason))
"""

# What is kept now and nobody can say until when: every check that sees it puts its deadline off, so it is nobody's next one.
_HEADROOM = """
SELECT
    category,
    min(deadline_at) FILTER (WHERE isfinite(deadline_at) AND NOT is_kept) AS first_deadline_at,
    min(deadline_at) FILTER (WHERE isfinite(deadline_at) AND NOT is_kept AND deadline_at >= as_of) AS next_deadline_at,
    min(start_at) AS oldest_at,
    min(start_at) FILTER (WHERE promised_at >= as_of OR NOT (is_held OR is_exempt OR has_duty OR kept_by IS NOT NULL))
        AS oldest_unprotected_at
FROM {judged}
WHERE is_part OR entry = 'rest'
GROUP BY category
"""

_TOTALS = """
SELECT
    coalesce(sum(counted) FILTER (WHERE is_part OR entry = 'rest'), 0) AS parts,
    count(DISTINCT item_hash) FILTER (WHERE is_part) + coalesce(sum(counted) FILTER (WHERE entry = 'rest'), 0) AS items,
    count(*) FILTER (WHERE entry = 'version' AND is_latest AND is_part) AS current_versions,
    count(*) FILTER (WHERE entry = 'version' AND NOT is_latest AND is_part) AS noncurrent_versions,
    count(*) FILTER (WHERE entry = 'delete_marker' AND is_part) AS delete_markers,
    count(*) FILTER (WHERE entry = 'upload' AND is_part) AS uploads,
    coalesce(sum(counted) FILTER (WHERE entry IN ('record', 'rest')), 0) AS records,
    coalesce(sum(counted) FILTER (WHERE entry = 'partition'), 0) AS partitions,
    coalesce(sum(counted) FILTER (WHERE entry = 'file'), 0) AS files,
    count(DISTINCT item_hash) FILTER (WHERE is_part AND is_held) AS held_items,
    count(DISTINCT item_hash) FILTER (WHERE is_part AND is_exempt) AS exempt_items,
    count(DISTINCT item_hash) FILTER (WHERE is_past_cap OR is_past_event) AS overdue_items,
    count(*) FILTER (WHERE is_past_cap OR is_past_event) AS overdue_parts
FROM {judged}
"""


def count_kind(inventory: Inventory, kind: Kind, as_of: datetime) -> list[Finding]:
    """What our own SQL finds of one kind, by place, from the same definition that the expectation uses."""
    table = f'"inventory"."{inventory.tables["judged"]}"'
    rows = inventory.ask(_COUNT.replace("{definition}", kind.definition.replace("{batch}", table)))
    found = {(row["category"], row["place"]): row for row in rows if not row["is_reason"]}
    return [
        Finding(
            kind=kind.name,
            severity=kind.severity,
            category=category,
            place=place,
            count=row["units"],
            oldest_age_s=seconds(row["oldest_at"], as_of),
            detail=_detail(row, [one for one in rows if one["is_reason"] and one["place"] == place]),
        )
        for (category, place), row in sorted(found.items())
    ]


def lies_in(finding_place: str, place: str) -> bool:
    """Whether a finding belongs to what was looked at under `place`: there, or in a bucket or folder that nobody mapped there."""
    return finding_place == place or finding_place.startswith(f"{place}/")


def explained(findings: Iterable[Finding], explanations: Mapping[str, str]) -> list[Finding]:
    """The findings with what their places said, beside the store's code: what was found, expected, and what to do."""
    return [
        replace(one, detail={**one.detail, "explanation": explanations[one.place]})
        if one.place in explanations
        else one
        for one in findings
    ]


def judge_checks(
    expected: Expected, found: Mapping[str, list[Finding]], looked_at: LookedAt, entries: int
) -> tuple[list[Check], list[Finding]]:
    """One check per kind and place. An expectation that failed itself or disagrees with our count makes its kind unknown."""
    checks: list[Check] = []
    failed: list[str] = []
    for name, outcome in expected.kinds.items():
        agrees = outcome.success is not None and outcome.success == (not found[name])
        if not agrees:
            failed.append(name)
        for (category, place), counters in sorted(looked_at.items()):
            if KINDS[name].looks_at not in counters:
                continue  # not a question that this place answers
            here = sum(one.count for one in found[name] if one.category == category and lies_in(one.place, place))
            checks.append(_check(expected, KINDS[name], place, counters, here, success=here == 0 if agrees else None))
    broken = [name for name, outcome in expected.inventory.items() if outcome.success is False]
    failed += [name for name, outcome in expected.inventory.items() if outcome.success is None]
    checks += [_inventory_check(expected, name, outcome, entries) for name, outcome in expected.inventory.items()]
    category = min((category for category, _place in looked_at), default="-")
    return checks, [
        *_own_trouble("inventory_incomplete", category, broken),
        *_own_trouble("check_failed", category, failed),
    ]


def judge_own(
    trail: Trail, holds_on_nothing: dict[str, int], clocks: Clocks, category: str, gx_version: str
) -> tuple[list[Check], list[Finding]]:
    """The checks on what every other rests on: what was recorded about deletions and holds, and what time it is."""
    checks, findings = [], []
    for name, label, place, looked_at, troubles in (
        ("evidence_changed", "evidence as recorded", "ledger", trail.entries, trail.troubles),
        ("evidence_unsigned", "evidence as signed", "ledger", trail.entries, trail.unsigned),
        ("evidence_unanchored", "evidence as it lies in the locked bucket", "ledger", trail.entries, trail.unanchored),
        ("evidence_lost", "evidence that a restore lost", "ledger", trail.entries, trail.lost),
        (
            "unrecorded_hold",
            "holds as recorded",
            "holds",
            trail.holds.holds,
            {"no_ledger_entry": trail.holds.unrecorded},
        ),
        ("hold_on_nothing", "holds on what the map has", "holds", trail.holds.holds, holds_on_nothing),
        ("clocks_differ", "clocks agree", "clocks", clocks.looked_at, clocks.troubles()),
    ):
        if troubles is None:
            continue  # nothing that could be asked
        kind, count = KINDS[name], sum(troubles.values())
        checks.append(Check(label, kind.name, kind.severity, place, looked_at, count, count == 0, gx_version))
        if count:
            findings.append(Finding(kind.name, kind.severity, category, place, count, None, {"reasons": troubles}))
    return checks, findings


def judge_kept(holds: int, gone: Mapping[tuple[str, str], int], gx_version: str) -> tuple[list[Check], list[Finding]]:
    """Whether holds were kept: `gone` counts what went under one, by category and place."""
    kind = KINDS["gone_under_hold"]
    count = sum(gone.values())
    check = Check("holds were kept", kind.name, kind.severity, "holds", holds, count, count == 0, gx_version)
    return [check], [
        Finding(kind.name, kind.severity, category, place, one, None, {})
        for (category, place), one in sorted(gone.items())
    ]


def headroom(inventory: Inventory, categories: Iterable[str], as_of: datetime) -> dict[str, Headroom]:
    """Per category: the time until the first breach if nothing runs from now on, protections' ends included."""
    rows = {row["category"]: row for row in inventory.ask(_HEADROOM)}
    rooms = {}
    for category in categories:
        row = rows.get(category)
        first = row["first_deadline_at"] if row is not None else None
        rooms[category] = Headroom(
            headroom_s=seconds(as_of, first) if first is not None else None,
            oldest_age_s=seconds(row["oldest_at"], as_of) if row is not None else None,
            oldest_unprotected_age_s=seconds(row["oldest_unprotected_at"], as_of) if row is not None else None,
            next_deadline_at=row["next_deadline_at"] if row is not None else None,
        )
    return rooms


def totals(inventory: Inventory) -> dict[str, int]:
    """How much was looked at in all, and how it stands."""
    return {name: int(count) for name, count in inventory.ask(_TOTALS)[0].items()}


def seconds(start: datetime | None, end: datetime) -> int | None:
    """Whole seconds from `start` to `end`, negative when `end` comes first; None without a start."""
    return int((end - start).total_seconds()) if start is not None else None


def _detail(row: Mapping[str, Any], reasons: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    detail: dict[str, Any] = {"entries": row["entries"]}
    named = {str(one["reason"]): one["units"] for one in reasons if one["reason"] is not None}
    if named:
        detail["reasons"] = dict(sorted(named.items()))
    if row["first_end_at"] is not None:
        detail["earliest_end"] = row["first_end_at"].isoformat()
        detail["latest_end"] = row["last_end_at"].isoformat()
    return detail


def _check(
    expected: Expected, kind: Kind, place: str, counters: Counter[str], found: int, *, success: bool | None
) -> Check:
    looked_at = counters[kind.looks_at]
    return Check(f"no {kind.name}", kind.name, kind.severity, place, looked_at, found, success, expected.gx_version)


def _inventory_check(expected: Expected, name: str, outcome: Outcome, entries: int) -> Check:
    kind = KINDS["inventory_incomplete"]
    found = int(outcome.success is False)
    version = expected.gx_version
    return Check(name, kind.name, kind.severity, "inventory", entries, found, outcome.success, version)


def _own_trouble(kind: str, category: str, names: list[str]) -> list[Finding]:
    if not names:
        return []
    reasons = dict.fromkeys(sorted(names), 1)
    return [Finding(kind, KINDS[kind].severity, category, "inventory", len(names), None, {"reasons": reasons})]
