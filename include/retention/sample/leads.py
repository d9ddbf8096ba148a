"""Customers' leads: everyday ones of running customers, and the named cases. What decides is contracts and instructions."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from retention.sample.ids import sample_number
from retention.sample.people import invent_person, landline
from retention.sample.rows_categories import Lead
from retention.sample.situation import HoldTerms, RecordCase
from retention.sample.stage import Stage
from retention.sample.tenants import PROFILES, days

CATEGORY, PLACE = "leads", "crm_leads"
EVERYDAY_LEADS = 400
_CREATED = days(50)
_NOTES = ("sucht drei Zimmer mit Balkon", "möchte im Frühjahr umziehen", "fragt nach einem Jahreswagen", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadCase(RecordCase):
    """A lead of one customer, created `age` ago."""

    tenant: str
    age: timedelta = _CREATED
    place: str = PLACE


LEAD_CASES = (
    LeadCase(
        name="lead_contract_ended_5_days",
        meaning="all contracts ended 5 days ago",
        expected="retain",
        tenant="tintenklecks-verlag",
    ),
    LeadCase(
        name="lead_contract_ended_28_days",
        meaning="all contracts ended 28 days ago: in the last 72 h of the 30 d",
        expected="due",
        tenant="schraubenkiste-werkstatt",
    ),
    LeadCase(
        name="lead_contract_ended_40_days",
        meaning="all contracts ended, the last 40 days ago",
        expected="overdue",
        tenant="glockenturm-hotel",
    ),
    LeadCase(
        name="lead_one_contract_open",
        meaning="one contract ended 90 days ago, another goes on",
        expected="retain",
        tenant="federleicht-zahnarzt",
    ),
    LeadCase(
        name="lead_shorter_limit",
        meaning="all contracts ended 12 days ago; 7 d were agreed with this customer, not 30 d",
        expected="overdue",
        tenant="eiltempo-logistik",
    ),
    LeadCase(
        name="lead_instructed_2_hours_ago",
        meaning="the customer told us two hours ago to delete its leads: due at once, overdue after 72 h",
        expected="due",
        tenant="sanduhr-uhren",
    ),
    LeadCase(
        name="lead_instructed_4_days_ago",
        meaning="the customer told us four days ago to delete its leads",
        expected="overdue",
        tenant="kompassnadel-reederei",
    ),
    LeadCase(
        name="lead_newer_than_instruction",
        meaning="the same customer, but the lead came two days after the instruction",
        expected="retain",
        tenant="kompassnadel-reederei",
        age=days(2),
    ),
    LeadCase(
        name="lead_of_customer_who_means_transcripts",
        meaning="the customer told us four days ago to delete its transcripts, not its leads",
        expected="retain",
        tenant="windspiel-garten",
    ),
    LeadCase(
        name="lead_hold_on_item",
        meaning="contracts ended 40 days ago; a hold on this very lead",
        expected="held",
        tenant="glockenturm-hotel",
        hold=HoldTerms("item", ends_ago=days(-60)),
    ),
    LeadCase(
        name="lead_hold_on_tenant",
        meaning="contracts ended 40 days ago; a hold on all leads of the customer",
        expected="held",
        tenant="pfandsiegel-auktionen",
        hold=HoldTerms("tenant"),
    ),
    LeadCase(
        name="lead_hold_self_approved",
        meaning="contracts ended 40 days ago; requested and approved by the same person",
        expected="overdue",
        tenant="glockenturm-hotel",
        hold=HoldTerms("item", approved_by="legal"),
    ),
    LeadCase(
        name="lead_hold_against_instruction",
        meaning="the customer told us four days ago to delete: as its processor we can't hold against that",
        expected="overdue",
        tenant="beweisnot-bau",
        hold=HoldTerms("tenant"),
    ),
)


def play_leads(stage: Stage) -> None:
    """Put everyday leads and every item of every case on the stage."""
    running = [profile.tenant_id for profile in PROFILES if profile.share and profile.contracts]
    for number in range(EVERYDAY_LEADS):
        draw = random.Random(f"{stage.seed}/lead/{number}")
        age = timedelta(hours=draw.uniform(3, 24 * 300))
        _add(stage, ("everyday", number), draw.choice(running), age)
    for case in LEAD_CASES:
        for number in range(case.count):
            _play(stage, case, number)


def _play(stage: Stage, case: LeadCase, number: int) -> None:
    lead_id = _add(stage, (case.name, number), case.tenant, case.age + timedelta(minutes=number))
    stage.show(
        case,
        number,
        category=CATEGORY,
        tenant_id=case.tenant,
        item_id=str(lead_id),
        person_id=str(lead_id),
        arose_at=stage.now - case.age,
    )


def _add(stage: Stage, which: tuple[str, int], tenant_id: str, age: timedelta) -> int:
    lead_id = sample_number(stage.seed, "lead", *which)
    draw = random.Random(lead_id)
    name, email = invent_person(draw, lead_id % 100_000)
    note = draw.choice(_NOTES)
    stage.company.rows.append(
        Lead(lead_id, tenant_id, name, landline(draw.randrange(5000)), email, note, stage.now - age)
    )
    return lead_id
