"""The company's own marketing contacts: everyday ones with a consent that stands, and the named cases.

The suppression list is empty at first: the withdrawals of the first disposal fill it. So a contact that was imported again stays
at first, and is due from the first disposal on.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from retention.sample.holds import before
from retention.sample.ids import sample_id
from retention.sample.people import invent_person, landline
from retention.sample.rows_categories import MarketingConsent, MarketingContact
from retention.sample.situation import HoldTerms, RecordCase
from retention.sample.stage import Stage
from retention.sample.tenants import SELF, days

CATEGORY, PLACE = "marketing", "marketing_contacts"
EVERYDAY_CONTACTS = 350
_1_HOUR, _2_HOURS, _200_DAYS = timedelta(hours=1), timedelta(hours=2), days(200)

CASES_NAME = "Erika Beispiel"
"""What the contacts of all documented cases are called."""


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """One consent of a contact; without `is_proven` nobody can show it."""

    given_ago: timedelta
    withdrawn_ago: timedelta | None = None
    is_proven: bool = True
    channel: Literal["email", "phone"] = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCase(RecordCase):
    """A contact, created `age` ago. `{n}` in identifiers is the item's number; the same person in two cases has the same ones."""

    email: str | None
    phone: str | None
    consents: tuple[ConsentGiven, ...]
    age: timedelta = _200_DAYS
    source: str = "Newsletter"
    place: str = PLACE


_WITHDRAWN_3_DAYS = (ConsentGiven(days(190), withdrawn_ago=days(3)),)

CONTACT_CASES = (
    ContactCase(
        name="contact_consented",
        meaning="consent proven, never withdrawn",
        expected="retain",
        email="gesa.mondkalb.{n}@example.com",
        phone="+49 171 392000{n}",
        consents=(ConsentGiven(days(190)),),
    ),
    ContactCase(
        name="contact_withdrawn_2_hours_ago",
        meaning="withdrawn two hours ago: due at once, overdue after 24 h",
        expected="due",
        email="hanno.seegras.{n}@example.com",
        phone="+49 171 392001{n}",
        consents=(ConsentGiven(days(190), withdrawn_ago=_2_HOURS),),
    ),
    ContactCase(
        name="contact_withdrawn_3_days_ago",
        meaning="withdrawn three days ago",
        expected="overdue",
        email="ilka.eibenschuetz.{n}@example.com",
        phone="+49 171 392002{n}",
        consents=_WITHDRAWN_3_DAYS,
    ),
    ContactCase(
        name="contact_withdrawn_for_one_channel",
        meaning="withdrawn for the telephone three days ago, not for e-mail: the contact goes all the same",
        expected="overdue",
        email="jorin.regenpfeif.{n}@example.com",
        phone="+49 171 392003{n}",
        consents=(ConsentGiven(days(190)), ConsentGiven(days(190), withdrawn_ago=days(3), channel="phone")),
    ),
    ContactCase(
        name="contact_consented_again",
        meaning="withdrawn 40 days ago, and a newer consent is proven",
        expected="retain",
        email="kuno.distelmoor.{n}@example.com",
        phone="+49 171 392004{n}",
        consents=(ConsentGiven(days(190), withdrawn_ago=days(40)), ConsentGiven(days(20))),
    ),
    ContactCase(
        name="contact_consented_again_unproven",
        meaning="withdrawn 40 days ago, and nobody can show the newer consent",
        expected="overdue",
        email="levke.sanddorn.{n}@example.com",
        phone="+49 171 392005{n}",
        consents=(ConsentGiven(days(190), withdrawn_ago=days(40)), ConsentGiven(days(20), is_proven=False)),
    ),
    ContactCase(
        name="contact_withdrawn_in_awkward_spelling",
        meaning="withdrawn three days ago; capitals and an international domain in the address, a number with its dialling code",
        expected="overdue",
        email="Käthe.Uferschwalb.{n}@BÜCHER.example.com",
        phone="0171 / 39 20 06{n}",
        consents=_WITHDRAWN_3_DAYS,
    ),
    ContactCase(
        name="contact_imported_again_in_other_spelling",
        meaning="the same persons from a bought list: due at once, when the first disposal has put them on the suppression list",
        expected="retain",
        email=" käthe.uferschwalb.{n}@xn--bcher-kva.EXAMPLE.com",
        phone=None,
        consents=(),
        age=_1_HOUR,
        source="Adressliste 2026",
    ),
    ContactCase(
        name="contact_imported_again_by_number",
        meaning="only the telephone number of a person who withdrew three days ago: likewise",
        expected="retain",
        email=None,
        phone="0049 (171) 392002{n}",
        consents=(),
        age=_1_HOUR,
        source="Messe",
    ),
    ContactCase(
        name="contact_came_back",
        meaning="a person who withdrew three days ago and proved a new consent a day ago: stays, whatever the list says",
        expected="retain",
        email="Jorin.Regenpfeif.{n}@example.com",
        phone=None,
        consents=(ConsentGiven(days(1)),),
        age=days(1),
    ),
    ContactCase(
        name="contact_hold_on_item",
        meaning="withdrawn three days ago; a hold on this very contact (our own data, so that we may)",
        expected="held",
        email="malte.kornblum.{n}@example.com",
        phone="+49 171 392008{n}",
        consents=_WITHDRAWN_3_DAYS,
        hold=HoldTerms("item", ends_ago=days(-60)),
    ),
)


def play_marketing(stage: Stage) -> None:
    """Put everyday contacts and every item of every case on the stage."""
    for number in range(EVERYDAY_CONTACTS):
        draw = random.Random(f"{stage.seed}/contact/{number}")
        age = timedelta(hours=draw.uniform(30, 24 * 500))
        name, email = invent_person(draw, number)
        contact = ContactCase(
            name="everyday",
            meaning="",
            expected="retain",
            email=email,
            phone=landline(number),
            consents=(ConsentGiven(age),),
            age=age,
        )
        _add(stage, contact, number, name)
    for case in CONTACT_CASES:
        for number in range(case.count):
            _play(stage, case, number)


def _play(stage: Stage, case: ContactCase, number: int) -> None:
    contact_id = _add(stage, case, number, CASES_NAME)
    arose_at = stage.now - case.age
    stage.show(
        case, number, category=CATEGORY, tenant_id=SELF, item_id=contact_id, person_id=contact_id, arose_at=arose_at
    )


def _add(stage: Stage, case: ContactCase, number: int, name: str) -> str:
    now = stage.now
    contact_id = sample_id(stage.seed, "contact", case.name, number)
    stage.company.rows.append(
        MarketingContact(
            contact_id, _numbered(case.email, number), _numbered(case.phone, number), name, case.source, now - case.age
        )
    )
    for position, consent in enumerate(case.consents):
        consent_id = sample_id(contact_id, "consent", position)
        given_at = now - consent.given_ago
        proof = f"DOI-{consent_id.hex[:12]}" if consent.is_proven else None
        stage.company.rows.append(
            MarketingConsent(
                consent_id, contact_id, consent.channel, given_at, given_at, proof, before(now, consent.withdrawn_ago)
            )
        )
    return str(contact_id)


def _numbered(text: str | None, number: int) -> str | None:
    return None if text is None else text.replace("{n}", str(number))
