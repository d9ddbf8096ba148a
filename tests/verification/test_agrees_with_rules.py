"""On made-up items, the check calls overdue what decide() calls overdue: two programs, written apart, from one policy."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from tests.verification.company import DAY, HASHER, HOUR, PLACE, Company
from tests.verification.timely_holds import counting

from retention.policy.decide import decide
from retention.policy.facts import Consent, Hold, ItemFacts, Start
from retention.policy.loader import load_policy
from retention.settings import INCLUDE
from retention.verification.inventory import Inventory
from retention.verification.promised import LONGEST_LEAD

RULE = load_policy(INCLUDE / "policies").rule("audio")
ITEMS = 250


@dataclass(frozen=True)
class MadeUp:
    """One recording as both sides see it."""

    facts: ItemFacts
    key: str
    call_id: uuid.UUID
    recording_id: uuid.UUID
    created_at: datetime


def _ago(draw: random.Random, now: datetime, most: timedelta) -> datetime:
    """An instant in the past or, now and then, exactly at one of the policy's boundaries."""
    edges = [720 * HOUR, 720 * HOUR + timedelta(seconds=1), 2 * HOUR, 2 * HOUR + timedelta(seconds=1), 395 * DAY]
    if draw.random() < 0.15:
        return now - draw.choice([edge for edge in edges if edge <= most] or [most])
    return now - timedelta(seconds=draw.randrange(int(most.total_seconds())))


def _make_up(draw: random.Random, now: datetime, tenant: str) -> MadeUp:
    recorded_at = _ago(draw, now, 45 * DAY)
    started_at = recorded_at - timedelta(seconds=draw.choice([0, 20]))
    stated: datetime | None = recorded_at
    if draw.random() < 0.15:
        stated = draw.choice([None, now + 90 * DAY, recorded_at + 3 * DAY])
    happened = draw.random() < 0.5
    event_at = (
        draw.choice([recorded_at + 3 * HOUR, _ago(draw, now, now - recorded_at + HOUR), None]) if happened else None
    )
    call_id, recording_id = uuid.UUID(int=draw.getrandbits(128)), uuid.UUID(int=draw.getrandbits(128))
    key = f"recordings/{tenant}/{recorded_at:%Y/%m/%d}/{call_id}.wav"
    starts = {
        "recording_started": Start(stated, stated is not None),
        "transcription_succeeded": Start(event_at, happened),
    }
    day = recorded_at.replace(hour=0, minute=0, second=0, microsecond=0)
    consents = tuple(_consents(draw, now, recorded_at)) if draw.random() < 0.6 else ()
    facts = ItemFacts(
        PLACE, str(recording_id), tenant, starts, min(started_at, day), key, f"p{draw.randrange(9)}", consents=consents
    )
    return MadeUp(facts, key, call_id, recording_id, started_at)


def _consents(draw: random.Random, now: datetime, recorded_at: datetime) -> Iterator[Consent]:
    for party in draw.sample(["caller", "customer"], k=draw.choice([1, 2, 2, 2])):
        given_at = recorded_at + draw.choice(
            [timedelta(0), timedelta(0), timedelta(0), 2 * HOUR, 5 * DAY, -380 * DAY, -400 * DAY]
        )
        later = {
            name: draw.choice([None] * 6 + [now - HOUR, now - 3 * HOUR, now + DAY])
            for name in ("ends_at", "withdrawn_at")
        }
        yield Consent(
            party,
            draw.choice(["archiving"] * 5 + ["marketing"]),
            given_at,
            given_at + draw.choice([timedelta(0), timedelta(0), 4 * HOUR]),
            later["ends_at"],
            later["withdrawn_at"],
            draw.choice([None, None, recorded_at]),
        )


def _holds(draw: random.Random, now: datetime, items: list[MadeUp]) -> list[Hold]:
    holds = []
    for item in draw.sample(items, k=40):
        scope: dict[str, Any] = draw.choice(
            [
                {"place": PLACE, "item_id": item.facts.item_id},
                {"place": PLACE, "item_id": item.key},
                {"tenant_id": item.facts.tenant_id, "started_from": now - 20 * DAY, "started_before": now - 19 * DAY},
            ]
        )
        holds.append(
            Hold(
                hold_id=str(uuid.UUID(int=draw.getrandbits(128))),
                requested_by="anna",
                approved_by=draw.choice(["ben", "ben", "ben", "Anna ", None]),
                effective_at=now - draw.choice([DAY, 10 * DAY, -DAY]),
                ends_at=now + draw.choice([-HOUR, -3 * HOUR, 5 * DAY]),
                ended_at=draw.choice([None, None, now - 2 * HOUR]),
                category=draw.choice([None, "audio", "logs"]),
                **scope,
            )
        )
    return holds


@pytest.mark.parametrize("seed", [1, 2])
def test_check_and_rules_call_the_same_items_overdue(
    company: Company, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    draw, now = random.Random(seed), company.now.replace(microsecond=0)
    tenants = ["nord", "süd"]
    for tenant in tenants:
        company.tenant(tenant)
    items = [_make_up(draw, now, draw.choice(tenants)) for _ in range(ITEMS)]
    holds = _holds(draw, now, items)
    _store(company, items, holds)
    said: dict[bytes, bool] = {}
    drop = Inventory.drop

    def read_and_drop(inventory: Inventory) -> None:
        query = (
            "SELECT item_hash, bool_or(is_past_cap OR is_past_event) AS overdue FROM {judged} WHERE is_part GROUP BY 1"
        )
        said.update({bytes(row["item_hash"]): row["overdue"] for row in inventory.ask(query)})
        drop(inventory)

    monkeypatch.setattr(Inventory, "drop", read_and_drop)
    company.check(now)
    decided = {
        item.key: decide(item.facts, RULE, counting(RULE, item.facts, holds, now), now).status.value
        for item in items
        if not _in_lead(item)
    }
    checked = {key: said[HASHER.item(PLACE, key)] for key in decided}
    differ = [
        item for item in items if item.key in decided and (decided[item.key] == "overdue") is not checked[item.key]
    ]
    assert [(item.facts, decided[item.key]) for item in differ] == []
    assert {"overdue", "retain", "exempt"} <= set(decided.values())


def _in_lead(item: MadeUp) -> bool:
    """Whether a consent came so shortly before the cap that rules and promise may differ on whether it was in time."""
    caps = [start.at + 720 * HOUR for start in item.facts.starts.values() if start.at is not None]
    caps += [item.facts.evidence_at + 720 * HOUR] if item.facts.evidence_at is not None else []
    dates = [at for consent in item.facts.consents for at in (consent.given_at, consent.recorded_at)]
    return any(cap - LONGEST_LEAD <= at < cap for cap in caps for at in dates)


def _store(company: Company, items: list[MadeUp], holds: list[Hold]) -> None:
    with psycopg.connect(company.source) as source, source.cursor() as rows:
        for item in items:
            tenant, starts = item.facts.tenant_id, item.facts.starts
            person = uuid.uuid5(uuid.NAMESPACE_OID, str(item.facts.person_id))
            rows.execute("INSERT INTO callers VALUES (%s, %s) ON CONFLICT DO NOTHING", (person, tenant))
            rows.execute("INSERT INTO calls VALUES (%s, %s, %s, %s)", (item.call_id, tenant, person, item.created_at))
            dates = (starts["recording_started"].at, item.created_at)
            rows.execute(
                "INSERT INTO recordings VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (item.recording_id, item.call_id, tenant, company.bucket, item.key, *dates),
            )
            done = starts["transcription_succeeded"]
            if done.happened:
                values = (uuid.uuid4(), item.call_id, item.created_at, done.at)
                rows.execute("INSERT INTO transcriptions VALUES (%s, %s, 'succeeded', %s, %s)", values)
            for one in item.facts.consents:
                dates = (one.given_at, one.recorded_at, one.ends_at, one.withdrawn_at, one.reviewed_at)
                rows.execute(
                    "INSERT INTO consents VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                    (uuid.uuid4(), tenant, item.call_id, one.party, one.scope, *dates),
                )
            company.put(item.key)
    names = ("hold_id", "category", "tenant_id", "place", "item_id", "started_from", "started_before", "requested_by")
    names += ("approved_by", "effective_at", "ends_at", "ended_at")
    with psycopg.connect(company.own) as own:
        for hold in holds:
            own.execute(
                f"INSERT INTO retention.holds (reason, {', '.join(names)}) VALUES ('x', {', '.join(['%s'] * len(names))})",  # type: ignore[arg-type]
                [getattr(hold, name) for name in names],
            )
