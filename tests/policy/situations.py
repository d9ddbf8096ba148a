"""Items, consents, holds and rules for tests of decide(), with hand-picked instants."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from retention.policy.decide import decide
from retention.policy.facts import Consent, Decision, Hold, ItemFacts, Start
from retention.policy.loader import load_policy
from retention.policy.model import Consents, RetentionRule, RuleVersion, Schedule, StartPoint, VolumeLimit

HOUR, DAY, TICK = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
RECORDED = datetime(2026, 1, 10, 9, 0, tzinfo=UTC)
LIMIT, LEAD, LATENCY = 720 * HOUR, 49 * HOUR, 2 * HOUR
CAP_DUE, CAP_DEADLINE = RECORDED + LIMIT - LEAD, RECORDED + LIMIT
TRANSCRIBED = RECORDED + HOUR
BOTH = ("caller", "customer")
YEAR, GRACE = 365 * DAY, 30 * DAY
POLICIES = Path(__file__).resolve().parents[2] / "include" / "policies"

SHIPPED = load_policy(POLICIES).rule("audio")


def consents(**changed: Any) -> Consents:
    """The promised exemption, with changes."""
    values = {"scope": "archiving", "parties": BOTH, "review_every": YEAR, "review_grace": GRACE}
    return Consents(**(values | changed))


def version(number: int = 1, day: date = date(2025, 8, 3), **changed: Any) -> RuleVersion:
    """A version of the audio rule; `limit`, `lead` and `latency` change its start points."""
    limit, lead = changed.pop("limit", LIMIT), changed.pop("lead", LEAD)
    latency = changed.pop("latency", LATENCY)
    values: dict[str, Any] = {
        "version": number,
        "policy_version": "2025-08-03",
        "effective_from": day,
        "approved_by": "Data Protection Officer",
        "start_points": (
            StartPoint(event="transcription_succeeded", allowed_latency=latency),
            StartPoint(event="recording_started", every_item=True, limit=limit, lead=lead),
        ),
        "exemption": consents(),
    }
    return RuleVersion(**(values | changed))


def rule(*versions: RuleVersion, **schedule: Any) -> RetentionRule:
    """A rule for audio with these versions (default: one) and a schedule of one run per hour."""
    hourly = {
        "longest_interval": HOUR,
        "missed_runs_tolerated": 6,
        "run_time": HOUR,
        "store_lag": 0 * HOUR,
        "clock_skew": 0 * HOUR,
    }
    return RetentionRule(
        category="audio",
        clause="audio",
        owner="Platform Engineering",
        schedule=Schedule(**(hourly | schedule)),
        volume_limit=VolumeLimit(items=10, share=0.5, share_above_items=5, unlinked_items=5),
        plan_valid_for=HOUR,
        versions=versions or (version(),),
    )


def item(*, recorded: datetime | None = RECORDED, transcribed: datetime | None = None, **facts: Any) -> ItemFacts:
    """One recording; `transcribed` is when its transcription succeeded. Other facts as in ItemFacts."""
    starts = {
        "recording_started": Start(recorded, recorded is not None),
        "transcription_succeeded": Start(transcribed, transcribed is not None),
    } | facts.pop("starts", {})
    values: dict[str, Any] = {
        "place": "call_recordings",
        "item_id": "r1",
        "object_key": "recordings/t1/2026/01/10/c1.wav",
        "tenant_id": "t1",
        "person_id": "p1",
        "starts": starts,
    }
    return ItemFacts(**(values | facts))


def consent(party: str, given: datetime = RECORDED, **changed: Any) -> Consent:
    """An archiving consent, recorded when it was given."""
    values = {"party": party, "scope": "archiving", "given_at": given, "recorded_at": given}
    return Consent(**(values | changed))


def both(**changed: Any) -> tuple[Consent, ...]:
    """Both parties' consents; the changes are made to the caller's."""
    return (consent("caller", **changed), consent("customer"))


def hold(**changed: Any) -> Hold:
    """A hold on tenant t1 in proper form, from the recording on, until a year later."""
    values: dict[str, Any] = {
        "hold_id": "h1",
        "requested_by": "legal",
        "approved_by": "dpo",
        "effective_at": RECORDED,
        "ends_at": RECORDED + YEAR,
        "tenant_id": "t1",
    }
    return Hold(**(values | changed))


def decided(
    facts: ItemFacts, at: datetime, *holds: Hold, by: RetentionRule = SHIPPED, now: datetime | None = None
) -> Decision:
    """What decide() says."""
    return decide(facts, by, holds, at, now=now)


def said(decision: Decision) -> tuple[str, str, str]:
    """Status, basis and reason, in that order."""
    return decision.status.value, decision.basis.value, decision.reason
