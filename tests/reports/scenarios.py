"""Situations of a company as rows in our own database, written as the other parts write them: by plain SQL."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.reports.shapes import one_category, six_categories

from retention.database import OwnConnection
from retention.datamap.loader import DataMap
from retention.policy.loader import Policy

NOW = datetime(2026, 3, 15, 10, 0, tzinfo=UTC)
CHECK_ID = UUID("11111111-1111-4111-8111-111111111111")
PLAN_ID = UUID("22222222-2222-4222-8222-222222222222")
SWEEP_ID = UUID("33333333-3333-4333-8333-333333333333")
HOLD_ID = UUID("44444444-4444-4444-8444-444444444444")
SELF_APPROVED_ID = UUID("55555555-5555-4555-8555-555555555555")
DAY_S = 86_400
FindingRow = tuple[str, str, int, int | None, dict[str, Any]]
Shape = tuple[Policy, DataMap]


def policy() -> Policy:
    """The policy of situations with one category."""
    return one_category()[0]


def datamap() -> DataMap:
    """The data map of situations with one category."""
    return one_category()[1]


def shape_of(situation: str) -> Shape:
    """Policy and data map of a situation."""
    return six_categories() if situation.startswith("several") else one_category()


@dataclass
class Check:
    """One row of check_runs with its findings, each (kind, severity, count, oldest age in seconds, detail).

    `headroom` is that of the recordings, `rooms` those of other categories; `elsewhere` are findings of theirs by category and
    place; `looks` are checks by place.
    """

    verdict: str | None = "compliant"
    finished: bool = True
    places_read: tuple[str, ...] = ("call_recordings",)
    places_failed: dict[str, str] = field(default_factory=dict)
    headroom: dict[str, Any] | None = field(
        default_factory=lambda: {
            "headroom_s": 3 * DAY_S + 7_240,
            "oldest_age_s": 212 * DAY_S,
            "oldest_unprotected_age_s": 26 * DAY_S + 79_200,
        }
    )
    findings: tuple[FindingRow, ...] = ()
    checks: tuple[tuple[str, int, bool | None], ...] = (
        ("past_cap", 8_412, True),
        ("transcribed_but_present", 8_412, True),
        ("kept_without_reason", 214, True),
        ("protected_missing", 214, True),
        ("unmapped_prefix", 8_412, True),
    )
    counts: dict[str, int] = field(
        default_factory=lambda: {
            "parts": 8_412,
            "current_versions": 4_106,
            "noncurrent_versions": 4_290,
            "delete_markers": 14,
            "uploads": 2,
            "rows": 4_106,
        }
    )

    rooms: dict[str, dict[str, Any]] = field(default_factory=dict)
    categories: tuple[str, ...] = ("audio",)
    elsewhere: dict[tuple[str, str], tuple[FindingRow, ...]] = field(default_factory=dict)
    looks: dict[str, tuple[tuple[str, int, bool | None], ...]] = field(default_factory=dict)
    shape: Shape = field(default_factory=one_category)

    def insert(self, own: OwnConnection, *, at: datetime = NOW, check_run_id: UUID = CHECK_ID) -> None:
        """Write it as verification does."""
        policy, datamap = self.shape
        lines = {("audio", "call_recordings"): self.findings} | self.elsewhere
        found = {(place, line[0]): line[2] for (_category, place), rows in lines.items() for line in rows}
        summary = {
            "checks": [
                {"name": f"no {kind}", "kind": kind, "place": place, "looked_at": looked_at,
                 "found": 0 if success else found.get((place, kind), 0), "success": success}
                for place, checks in ({"call_recordings": self.checks} | self.looks).items()
                for kind, looked_at, success in checks
            ],
            "counts": self.counts,
            "headroom": ({"audio": self.headroom} if self.headroom is not None else {}) | self.rooms,
        }  # fmt: skip
        own.execute(
            "INSERT INTO retention.check_runs (check_run_id, started_at, finished_at, as_of, categories, verdict, "
            "policy_version, promises_digest, map_digest, inventory_digest, ledger_seq, ledger_head, places_read, "
            "places_failed, summary) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                check_run_id, at - timedelta(seconds=40), at - timedelta(seconds=3) if self.finished else None,
                at - timedelta(seconds=40), list(self.categories), self.verdict, "2025-08-03",
                policy.promises_digest, datamap.digest,
                "ab" * 32, 7, "cd" * 32, json.dumps(self.places_read),
                json.dumps([{"place": place, "reason": why} for place, why in self.places_failed.items()]),
                json.dumps(summary),
            ),
        )  # fmt: skip
        for (category, place), rows in lines.items():
            for kind, severity, count, oldest_age_s, detail in rows:
                own.execute(
                    "INSERT INTO retention.findings (finding_id, check_run_id, kind, category, place, severity, count, "
                    "oldest_age_s, detail) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                    (
                        *(f"{category}/{place}/{kind}", check_run_id, kind, category, place, severity, count),
                        *(oldest_age_s, json.dumps(detail)),
                    ),
                )


def insert_rooms(own: OwnConnection, rooms_h: dict[int, int | None]) -> None:
    """A check of the recordings so many days ago, with so many hours of headroom."""
    for back, room_h in rooms_h.items():
        at = NOW - timedelta(days=back)
        own.execute(
            "INSERT INTO retention.check_runs (check_run_id, started_at, finished_at, as_of, categories, verdict, "
            "policy_version, promises_digest, map_digest, summary) "
            "VALUES (%s, %s, %s, %s, '{audio}', 'compliant', '2025-08-03', 'p', 'm', %s)",
            (
                *(UUID(int=1_000 + back), at, at, at),
                json.dumps({"headroom": {"audio": {"headroom_s": None if room_h is None else room_h * 3_600}}}),
            ),
        )


def insert_mode(own: OwnConnection, mode: str, *categories: str) -> None:
    """Somebody set the categories' mode two weeks ago."""
    for category in categories or ("audio",):
        own.execute(
            "INSERT INTO retention.mode_changes (category, mode, changed_by, changed_at, reason) "
            "VALUES (%s, %s, 'anna.example', %s, 'backlog reviewed')",
            (category, mode, NOW - timedelta(days=14)),
        )


def insert_copies(own: OwnConnection) -> None:
    """Backup and replay list of last night."""
    own.execute(
        "INSERT INTO retention.copies (kind, made_at, counted, made_by) "
        "SELECT kind, %s, 1, 'airflow:back_up' FROM unnest(ARRAY['backup', 'replay_list']) AS t (kind)",
        (NOW - timedelta(hours=6),),
    )


def insert_plan(own: OwnConnection, plan_id: UUID = PLAN_ID, **changed: Any) -> None:
    """One hourly plan: executed, 41 due, 38 gone, 1 spared, 2 gone already, unless `changed`."""
    fields: dict[str, Any] = {
        "plan_id": plan_id, "run_id": f"run-{plan_id}", "category": "audio", "coverage": "rows",
        "as_of": NOW - timedelta(minutes=20), "planned_at": NOW - timedelta(minutes=20),
        "expires_at": NOW + timedelta(hours=5), "requested_by": "scheduler", "mode": "enforce", "state": "done",
        "digest": "ef" * 32, "due": 41, "considered": 4_106,
        "kept_by_reason": json.dumps({"not_due": 3_851, "consent": 180, "legal_hold": 34}),
        "undated": 0, "fallback": 12, "breaches_at": NOW + timedelta(minutes=100),
        "next_due_at": NOW + timedelta(minutes=25), "rule_sentence": "Call recordings are deleted.",
        "rule_digest": policy().rules_digest, "map_digest": "0" * 64, "policy_version": "2025-08-03",
        "result": json.dumps({"planned": 41, "gone": 38, "recovered": 0, "spared": {"legal_hold": 1, "already_gone": 2},
                              "failed": 0, "failures": {}}),
        "due_by_reason": json.dumps({"transcription_succeeded": 38, "recording_started": 3}),
    }  # fmt: skip
    fields |= changed
    own.execute(
        f"INSERT INTO retention.plans ({', '.join(fields)}) VALUES ({', '.join(['%s'] * len(fields))})",
        list(fields.values()),
    )


def insert_gone(
    own: OwnConnection,
    days_back: int,
    count: int,
    *,
    latency_s: int = 1_500,
    plan_id: UUID = PLAN_ID,
    category: str = "audio",
) -> None:
    """`count` items that went `days_back` days ago, each `latency_s` (plus one second per further item) after its event."""
    own.execute(
        "INSERT INTO retention.disposed_items "
        "(plan_id, batch_no, place, item_hash, key_id, category, outcome, trigger_at, gone_at) "
        "SELECT %(plan)s, 0, 'call_recordings', sha256(convert_to(%(seed)s || n, 'UTF8')), 'key', %(category)s, 'gone', "
        "%(gone_at)s::timestamptz - make_interval(secs => %(latency_s)s + n), %(gone_at)s "
        "FROM generate_series(1, %(count)s) AS n",
        {
            "plan": plan_id, "seed": f"{plan_id}/{days_back}/", "gone_at": NOW - timedelta(days=days_back, minutes=5),
            "latency_s": latency_s, "count": count, "category": category,
        },
    )  # fmt: skip


def insert_hold(
    own: OwnConnection, hold_id: UUID = HOLD_ID, *, approved_by: str | None = "ben.example", items: int = 0
) -> None:
    """A hold on one customer's recordings, whose reason names a person as it should not, and what the check saw under it."""
    own.execute(
        "INSERT INTO retention.holds (hold_id, category, tenant_id, reason, requested_by, approved_by, effective_at, ends_at) "
        "VALUES (%s, 'audio', 'tenant-0007', 'Claim of Erika Mustermann, +49 30 1234567', 'carla.example', %s, %s, %s)",
        (hold_id, approved_by, NOW - timedelta(days=20), NOW + timedelta(days=70)),
    )
    own.execute(
        "INSERT INTO retention.protected_items (check_run_id, place, item_hash, part_hash, hold_ids) "
        "SELECT %s, 'call_recordings', sha256(convert_to('held' || n, 'UTF8')), "
        "sha256(convert_to('part' || n, 'UTF8')), ARRAY[%s]::uuid[] "
        "FROM generate_series(1, %s) AS n",
        (CHECK_ID, hold_id, items),
    )


def compliant(own: OwnConnection) -> None:
    """A quiet, well-run company: exceptions and one finding, nothing overdue."""
    exceptions: tuple[FindingRow, ...] = (
        ("exception_consent", "exception", 180, 212 * DAY_S,
         {"earliest_end": (NOW + timedelta(days=9)).isoformat(), "latest_end": (NOW + timedelta(days=300)).isoformat()}),
        ("exception_hold", "exception", 34, 61 * DAY_S, {"earliest_end": (NOW + timedelta(days=70)).isoformat()}),
        ("fallback_dated", "finding", 12, 19 * DAY_S, {}),
    )  # fmt: skip
    insert_mode(own, "enforce")
    Check(findings=exceptions).insert(own)
    insert_rooms(own, {back: 70 - back % 5 * 7 for back in range(1, 20) if back not in (8, 9)} | {13: -5, 20: None})
    insert_plan(own)
    insert_plan(
        own, SWEEP_ID, coverage="listing", as_of=NOW - timedelta(hours=8), planned_at=NOW - timedelta(hours=8),
        due=3, considered=8_412, kept_by_reason=json.dumps({"described_by_row": 8_390, "not_due": 19}), next_due_at=None,
        due_by_reason=json.dumps({"unlinked_version": 2, "noncurrent_version": 1}),
        result=json.dumps({"planned": 3, "gone": 3, "recovered": 0, "spared": {}, "failed": 0, "failures": {}}),
    )  # fmt: skip
    for back, count in enumerate((38, 52, 47, 61, 12, 9, 55, 49, 51, 58, 44, 10, 8, 620, 0, 0)):
        insert_gone(own, back, count, latency_s=900 + 60 * back, plan_id=PLAN_ID if back == 0 else UUID(int=back))
    insert_gone(own, 1, 3, plan_id=SWEEP_ID)
    insert_hold(own, items=34)
    insert_hold(own, SELF_APPROVED_ID, approved_by="carla.example")


BREACH_KINDS = (
    ("past_cap", "breach", 14, 41 * DAY_S),
    ("transcribed_but_present", "breach", 1_203, 6 * DAY_S),
    ("kept_without_reason", "breach", 2, 45 * DAY_S),
    ("protected_missing", "breach", 1, None),
    ("unmapped_bucket", "unknown", 1, None),
    ("unmapped_prefix", "unknown", 26, 90 * DAY_S),
    ("undated", "unknown", 3, None),
    ("invalid_hold", "finding", 2, None),
    ("review_lapsed", "finding", 5, 400 * DAY_S),
    ("orphan_object", "finding", 11, 33 * DAY_S),
    ("row_without_object", "finding", 7, 20 * DAY_S),
    ("ambiguous_object", "finding", 4, 12 * DAY_S),
)
REASONS = {"kept_without_reason": {"reasons": {"consent_recorded_late": 1, "hold_self_approved": 1}}}


def breach(own: OwnConnection) -> None:
    """Everything that can be wrong at once: twelve findings, a blocked plan, deletion stopped."""
    insert_mode(own, "enforce")
    Check(
        verdict="breach",
        headroom={"headroom_s": -11 * DAY_S, "oldest_age_s": 41 * DAY_S},
        findings=tuple((*line, REASONS.get(line[0], {})) for line in BREACH_KINDS),
        checks=(("past_cap", 8_412, False), ("transcribed_but_present", 8_412, False), ("undated", 8_412, None)),
    ).insert(own)
    insert_plan(
        own, state="ready", due=3_900, result=None, breaches_at=NOW - timedelta(days=11),
        due_by_reason=json.dumps({"recording_started": 3_900}),
        blocked_reason="volume limit: 3900 of 4106 items are due (95%), at most 90% go without approval",
    )  # fmt: skip
    own.execute(
        "INSERT INTO retention.stop_changes (stopped, changed_by, changed_at, reason) "
        "VALUES (true, 'dora.example', %s, 'unclear')",
        (NOW - timedelta(hours=3),),
    )


def unknown(own: OwnConnection) -> None:
    """The bucket did not answer: no age, no headroom, no counts."""
    insert_mode(own, "enforce")
    Check(
        verdict="unknown",
        places_read=(),
        places_failed={"call_recordings": "AccessDenied"},
        headroom=None,
        counts={},
        findings=(("unreadable_place", "unknown", 1, None, {"reasons": {"AccessDenied": 1}}),),
        checks=(("past_cap", 0, None),),
    ).insert(own)
    insert_plan(own)
    insert_gone(own, 0, 38)


def observe(own: OwnConnection) -> None:
    """First contact with real data: years of backlog seen, nothing deleted."""
    Check(
        verdict="breach",
        headroom={"headroom_s": -700 * DAY_S, "oldest_age_s": 730 * DAY_S},
        findings=(("past_cap", "breach", 1_284_003, 730 * DAY_S, {}),),
        checks=(("past_cap", 1_310_552, False),),
        counts={"current_versions": 655_200, "noncurrent_versions": 655_352, "rows": 655_200},
    ).insert(own)
    insert_plan(own, mode="observe", state="ready", due=650_112, considered=655_200, result=None,
                kept_by_reason=json.dumps({"not_due": 5_088}), breaches_at=NOW - timedelta(days=700))  # fmt: skip


def old_proof(own: OwnConnection) -> None:
    """All was well ten days ago, and nobody has looked since."""
    insert_mode(own, "enforce")
    Check().insert(own, at=NOW - timedelta(days=10))


def nothing(own: OwnConnection) -> None:
    """Just installed: nothing has ever run."""


SITUATIONS = {
    "compliant": compliant,
    "breach": breach,
    "unknown": unknown,
    "observe": observe,
    "old_proof": old_proof,
    "nothing": nothing,
}
