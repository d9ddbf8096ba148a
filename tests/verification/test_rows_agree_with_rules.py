"""On made-up rows, too, the check calls overdue what decide() calls overdue: events, duties, requests, agreements."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from tests.verification.company import DAY, HASHER, HOUR
from tests.verification.records import Records
from tests.verification.timely_holds import counting

from retention.policy.decide import decide
from retention.policy.facts import Duty, Hold, ItemFacts, Start
from retention.policy.loader import load_policy
from retention.verification.inventory import Inventory

ROWS = 150
REQUEST = 72 * HOUR
RULE = """
category: {category}
clause: {category}
owner: Platform Engineering
action: delete
schedule: {{longest_interval: PT25H, missed_runs_tolerated: 1, run_time: PT2H40M, store_lag: PT10M, clock_skew: PT10M}}
volume_limit: {{items: 1, share: 0.9, share_above_items: 1, unlinked_items: 1}}
plan_valid_for: PT6H
after_protection: PT48H
versions:
  - version: 1
    policy_version: "2025-08-03"
    effective_from: 2025-08-03
    approved_by: Data Protection Officer
    duties: {duties}
    start_points:
      - {{event: {clock}, every_item: true, never: true}}
      - {{event: contract_ended, limit: P30D, lead: PT72H, may_lie_ahead: true}}
      - {{event: {request}, allowed_latency: PT72H, on_request: true}}
"""


@dataclass(frozen=True)
class Kind:
    """One place and its rule's events."""

    place: str
    category: str
    clock: str
    request: str
    is_processor: bool


LEADS = Kind("leads", "leads", "lead_created", "instruction_received", is_processor=True)
SCRIPTS = Kind("transcripts", "transcript", "transcript_created", "deletion_requested", is_processor=False)


def _customers(draw: random.Random, records: Records) -> Iterator[tuple[str, datetime | None, datetime | None]]:
    """Customers with their contract's end and their request, often at the promise's boundaries."""
    second = timedelta(seconds=1)
    ends = [None, 30 * DAY, 30 * DAY + second, 31 * DAY, 29 * DAY, 7 * DAY + second, 2 * DAY, -40 * DAY, 60 * DAY, None]
    asks = [None, None, None, REQUEST, REQUEST + second, 10 * DAY, HOUR]
    for number in range(30):
        tenant = "agreed" if number == 0 else f"t{number}"
        ended, asked = (8 * DAY, None) if number == 0 else (draw.choice(ends), draw.choice(asks))
        records.customer(tenant, contract_ended=ended, asked=asked)
        yield tenant, records.ago(ended), records.ago(asked)


def _rows(draw: random.Random, records: Records, kind: Kind) -> list[ItemFacts]:
    customers = list(_customers(draw, records))
    found = []
    for number in range(ROWS):
        tenant, ended, asked = customers[number % len(customers)]
        age = draw.choice([100 * DAY, 20 * DAY, 3 * DAY])
        duty, restricted, stored = None, False, age
        if kind is SCRIPTS:
            until = draw.choice([None, -5 * DAY, 48 * HOUR, 48 * HOUR + timedelta(seconds=1), 20 * DAY])
            duty = Duty("§257 HGB", records.ago(until)) if draw.random() < 0.4 else None
            item = records.transcript(tenant, age=age, duty=duty and duty.paragraph, duty_until=until if duty else None)
        else:
            restricted, stored = draw.random() < 0.1, draw.choice([age, age + 5 * DAY])
            age = draw.choice([age, age, -9 * DAY])
            item = records.lead(tenant, age, stored=stored, restricted=restricted)
        created = records.ago(age)
        starts = {
            kind.clock: Start(created, created is not None),
            "contract_ended": Start(ended, ended is not None),
            kind.request: Start(asked, asked is not None),
        }
        found.append(
            ItemFacts(
                kind.place,
                item,
                tenant,
                starts,
                records.ago(stored),
                person_id="anna",
                restricted=restricted,
                duty=duty,
                is_processor=kind.is_processor,
            )
        )
    return found


def _holds(draw: random.Random, records: Records, rows: list[ItemFacts], kind: Kind) -> list[Hold]:
    holds = []
    for row in draw.sample(rows, k=50):
        scope = draw.choice(
            [
                {"place": row.place, "item_id": row.item_id},
                {"tenant_id": row.tenant_id, "started_from": records.ago(30 * DAY)},
            ]
        )
        terms = {
            "category": kind.category,
            "approved_by": draw.choice(["ben", "ben", "ben", "legal"]),
            "effective_at": records.ago(draw.choice([DAY, 25 * DAY, 25 * DAY, -DAY])),
            "ends_at": records.ago(draw.choice([HOUR, 3 * DAY, -5 * DAY])),
            **scope,
        }
        hold_id = records.hold(**terms)
        holds.append(Hold(hold_id=str(hold_id), requested_by="legal", **terms))
    return holds


@pytest.mark.parametrize("kind", [pytest.param(LEADS, id="processor"), pytest.param(SCRIPTS, id="controller")])
def test_check_and_rules_call_the_same_rows_overdue(
    records: Records, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    draw = random.Random(7)
    records.now = now = records.now.replace(microsecond=0)
    records.agree("agreed", f"{{{kind.category}: [{{event: contract_ended, limit: P7D}}]}}")
    for one in (LEADS, SCRIPTS):
        text = RULE.format(duties=str(one is SCRIPTS).lower(), **vars(one))
        (records.policies / f"{one.category}.yaml").write_text(text, encoding="utf-8")
    rule = load_policy(records.policies).rule(kind.category)
    rows = _rows(draw, records, kind)
    holds = _holds(draw, records, rows, kind)
    said: dict[bytes, bool] = {}
    drop = Inventory.drop

    def read_and_drop(inventory: Inventory) -> None:
        query = "SELECT item_hash, is_past_cap OR is_past_event AS overdue FROM {judged} WHERE is_part"
        said.update({bytes(row["item_hash"]): row["overdue"] for row in inventory.ask(query)})
        drop(inventory)

    monkeypatch.setattr(Inventory, "drop", read_and_drop)
    records.check(kind.category, as_of=now)
    decided = {row.item_id: decide(row, rule, counting(rule, row, holds, now), now).status.value for row in rows}
    checked = {item: said.get(HASHER.item(kind.place, item), False) for item in decided}
    differ = [
        row
        for row in rows
        if row.item_id in decided and (decided[row.item_id] == "overdue") is not checked[row.item_id]
    ]
    assert [(row, decided[row.item_id], counting(rule, row, holds, now)) for row in differ] == []
    assert {"overdue", "retain", "held"} <= set(decided.values())
