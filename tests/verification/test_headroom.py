"""Headroom is the time until the rules, too, call the first item overdue: not a second before, and right after. So is each item's
own deadline, whatever puts it off."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.verification import test_agrees_with_rules as recordings
from tests.verification import test_rows_agree_with_rules as rows
from tests.verification.company import DAY, HASHER, HOUR, Company
from tests.verification.records import Records
from tests.verification.timely_holds import counting

from retention.policy.decide import decide
from retention.policy.facts import Hold, ItemFacts
from retention.policy.loader import load_policy
from retention.policy.model import RetentionRule
from retention.verification import CheckResult
from retention.verification.inventory import Inventory

SECOND = timedelta(seconds=1)
Overdue = Callable[[list[ItemFacts], datetime], list[str]]


def _overdue(rule: RetentionRule, items: list[ItemFacts], holds: list[Hold], at: datetime) -> list[str]:
    return [
        item.item_id
        for item in items
        if decide(item, rule, counting(rule, item, holds, at), at).status.value == "overdue"
    ]


@pytest.fixture
def deadlines(monkeypatch: pytest.MonkeyPatch) -> dict[bytes, datetime]:
    """By the item's hash, the deadline of each that the last check looked at one by one and that comes to an end."""
    found: dict[bytes, datetime] = {}
    drop = Inventory.drop

    def read_and_drop(inventory: Inventory) -> None:
        query = (
            "SELECT item_hash, min(deadline_at) AS at FROM {judged} "
            "WHERE is_part AND NOT is_kept AND isfinite(deadline_at) AND deadline_at >= as_of GROUP BY 1"
        )
        found.update({bytes(row["item_hash"]): row["at"] for row in inventory.ask(query)})
        drop(inventory)

    monkeypatch.setattr(Inventory, "drop", read_and_drop)
    return found


def _assert_deadlines(deadlines: dict[bytes, datetime], items: dict[bytes, ItemFacts], overdue: Overdue) -> None:
    """Each item is overdue right after its deadline, and not before: at it, where a hold ends that gives no time."""
    compared = {item_hash: at for item_hash, at in deadlines.items() if item_hash in items}
    assert len(compared) > 5
    wrong = [
        (items[item_hash], at)
        for item_hash, at in compared.items()
        if overdue([items[item_hash]], at - SECOND) or not overdue([items[item_hash]], at + SECOND)
    ]
    assert wrong == []


def _assert_first_breach(
    result: CheckResult, category: str, overdue: Callable[[datetime], list[str]], now: datetime
) -> None:
    headroom_s = result.headroom[category].headroom_s
    assert headroom_s is not None and headroom_s >= 0
    first = now + timedelta(seconds=headroom_s)
    assert overdue(first - SECOND) == []
    assert overdue(first + SECOND) != []


@pytest.mark.parametrize("seed", [3, 4])
@pytest.mark.parametrize("oldest", [pytest.param(28, id="young"), pytest.param(45, id="kept_past_the_cap")])
def test_headroom_of_recordings_is_what_the_rules_say(
    company: Company, deadlines: dict[bytes, datetime], seed: int, oldest: int
) -> None:
    """Cap, transcription, consents, holds by item, key and customer."""
    draw, now = random.Random(seed), company.now.replace(microsecond=0)
    company.tenant("nord")
    made_up = [recordings._make_up(draw, now, "nord") for _ in range(120)]
    holds = [one for one in recordings._holds(draw, now, made_up) if one.effective_at <= now]
    late = set(_overdue(recordings.RULE, [one.facts for one in made_up], holds, now))
    started = {one.facts.item_id: one.facts.starts["recording_started"].at for one in made_up}
    kept = [
        one
        for one in made_up
        if one.facts.item_id not in late
        and not recordings._in_lead(one)
        and not any(max(consent.given_at, consent.recorded_at) > now for consent in one.facts.consents)  # not known yet
        and (oldest > 30 or (started[one.facts.item_id] or now) > now - oldest * DAY)
    ]
    recordings._store(company, kept, holds)
    facts = [one.facts for one in kept]
    _assert_first_breach(company.check(now), "audio", lambda at: _overdue(recordings.RULE, facts, holds, at), now)
    by_hash = {HASHER.item(recordings.PLACE, one.key): one.facts for one in kept}
    _assert_deadlines(deadlines, by_hash, lambda some, at: _overdue(recordings.RULE, some, holds, at))


@pytest.mark.parametrize("seed", [5, 6])
@pytest.mark.parametrize(
    "kind", [pytest.param(rows.LEADS, id="processor"), pytest.param(rows.SCRIPTS, id="controller")]
)
def test_headroom_of_rows_is_what_the_rules_say(
    records: Records, deadlines: dict[bytes, datetime], kind: Any, seed: int
) -> None:
    """Events past and to come, requests, agreed limits, duties, restrictions, holds."""
    draw = random.Random(seed)
    records.now = now = records.now.replace(microsecond=0)
    records.agree("agreed", f"{{{kind.category}: [{{event: contract_ended, limit: P7D}}]}}")
    for one in (rows.LEADS, rows.SCRIPTS):
        text = rows.RULE.format(duties=str(one is rows.SCRIPTS).lower(), **vars(one))
        (records.policies / f"{one.category}.yaml").write_text(text, encoding="utf-8")
    rule = load_policy(records.policies).rule(kind.category)
    items = rows._rows(draw, records, kind)
    holds = [one for one in rows._holds(draw, records, items, kind) if one.effective_at <= now]
    records.own_sql("DELETE FROM retention.holds WHERE effective_at > %s", now)
    late = _overdue(rule, items, holds, now)
    column = "lead_id" if kind is rows.LEADS else "transcript_id"
    records.sql(f"DELETE FROM {kind.place} WHERE CAST({column} AS text) = ANY(%s)", late)
    facts = [item for item in items if item.item_id not in late]
    result = records.check(kind.category, as_of=now)
    _assert_first_breach(result, kind.category, lambda at: _overdue(rule, facts, holds, at), now)
    by_hash = {HASHER.item(kind.place, item.item_id): item for item in facts}
    _assert_deadlines(deadlines, by_hash, lambda some, at: _overdue(rule, some, holds, at))


def test_headroom_of_usage_data_is_the_oldest_rows(records: Records) -> None:
    records.usage(13 * DAY)
    records.usage(2 * HOUR)
    result = records.check("usage", as_of=records.now)
    assert result.headroom["usage"].headroom_s == DAY.total_seconds()
