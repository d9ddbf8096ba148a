"""The customers of the sample company. All names are invented; any likeness to a real firm is chance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from retention.sample.ids import sample_id
from retention.sample.rows import Consent, Contract, Row, Tenant
from retention.sample.rows_categories import DeletionRequest

SELF = "self"


def days(count: float) -> timedelta:
    """`count` days of 24 hours."""
    return timedelta(days=count)


@dataclass(frozen=True, slots=True)
class ContractTerms:
    """How long ago a contract started and ended; a negative end lies ahead, None means no end in sight."""

    started_ago: timedelta
    ended_ago: timedelta | None = None


@dataclass(frozen=True, slots=True)
class StandingConsent:
    """The customer's own consent to archiving, for all its calls."""

    given_ago: timedelta
    reviewed_ago: timedelta | None = None


@dataclass(frozen=True, slots=True)
class RequestTerms:
    """What the customer told us to delete, and how long ago."""

    scope: Literal["transcripts", "leads"]
    received_ago: timedelta


@dataclass(frozen=True, slots=True)
class Profile:
    """One customer: `share` of the everyday calls, and what shapes the fate of its recordings."""

    tenant_id: str
    name: str
    share: int
    contracts: tuple[ContractTerms, ...]
    archiving: StandingConsent | None = None
    transcribes: bool = True
    keeps_leftovers: bool = True
    """False: earlier clean-ups were thorough here, so that only the named cases are left."""
    requests: tuple[RequestTerms, ...] = ()

    def last_contract_end_ago(self) -> timedelta | None:
        """How long ago the last contract ended; None while one has no end or there is none."""
        ends = [terms.ended_ago for terms in self.contracts]
        known = [end for end in ends if end is not None]
        return min(known) if known and len(known) == len(ends) else None


_RUNNING = (ContractTerms(days(420)),)
_2_HOURS = timedelta(hours=2)

PROFILES: tuple[Profile, ...] = (
    Profile(SELF, "Plauderwerk Stimmen GmbH", 4, ()),
    Profile("zwirbelbach-immobilien", "Zwirbelbach Immobilien GmbH", 18, _RUNNING),
    Profile("ottermuehl-makler", "Ottermühl Makler KG", 14, _RUNNING),
    Profile("silberdistel-wohnen", "Silberdistel Wohnen GmbH", 12, _RUNNING),
    Profile("schnurrbach-autohaus", "Autohaus Schnurrbach GmbH", 7, _RUNNING, transcribes=False),
    Profile(
        "paragraphenreuter-kanzlei",
        "Paragraphenreuter Rechtsanwalts-GmbH",
        11,
        _RUNNING,
        StandingConsent(days(200)),
    ),
    Profile(
        "quittengarten-hausverwaltung",
        "Quittengarten Hausverwaltung GmbH",
        10,
        (ContractTerms(days(720)),),
        StandingConsent(days(700), reviewed_ago=days(90)),
    ),
    # Terminated, but the notice runs for another 40 days: the consent is in force until then.
    Profile(
        "fernwehtal-reisen",
        "Reisebüro Fernwehtal GmbH",
        5,
        (ContractTerms(days(500), days(-40)),),
        StandingConsent(days(300)),
    ),
    # The yearly review fell due 10 days ago (375 less 365) and still has 20 of its 30 days of grace.
    Profile("farbklecks-maler", "Malerbetrieb Farbklecks GmbH", 3, _RUNNING, StandingConsent(days(375))),
    # 405 days: a year and the 30 days of grace ended 10 days ago.
    Profile(
        "gelenkig-physio",
        "Physiotherapie Gelenkig GmbH",
        4,
        _RUNNING,
        StandingConsent(days(405)),
        keeps_leftovers=False,
    ),
    Profile(
        "nebelhorn-makler",
        "Nebelhorn Makler GmbH",
        4,
        (ContractTerms(days(500), days(20)),),
        StandingConsent(days(300)),
        keeps_leftovers=False,
    ),
    # One contract ended, but a second one goes on: not all contracts have ended.
    Profile(
        "federleicht-zahnarzt",
        "Zahnarztpraxis Federleicht MVZ GmbH",
        4,
        (ContractTerms(days(800), days(90)), ContractTerms(days(90))),
        StandingConsent(days(300)),
    ),
    Profile("krautwinkel-immobilien", "Krautwinkel Immobilien GmbH", 2, _RUNNING, keeps_leftovers=False),
    Profile("moosrose-immobilien", "Moosrose Immobilien KG", 2, _RUNNING, keeps_leftovers=False),
    # The following have no everyday calls: they show how transcripts and leads go with contracts and on request.
    Profile("tintenklecks-verlag", "Tintenklecks Verlag GmbH", 0, (ContractTerms(days(400), days(5)),)),
    Profile("schraubenkiste-werkstatt", "Schraubenkiste Werkstatt GmbH", 0, (ContractTerms(days(400), days(28)),)),
    Profile(
        "glockenturm-hotel",
        "Hotel Glockenturm GmbH",
        0,
        (ContractTerms(days(800), days(60)), ContractTerms(days(400), days(40))),
    ),
    Profile("pfandsiegel-auktionen", "Pfandsiegel Auktionen GmbH", 0, (ContractTerms(days(400), days(40)),)),
    # A slip of the pen: it ended before it began, so that nobody knows whether it has ended.
    Profile("zahlendreher-druck", "Zahlendreher Druck GmbH", 0, (ContractTerms(days(100), days(200)),)),
    # 14 and 7 days instead of 30: include/policies/tenants/eiltempo-logistik.yaml
    Profile("eiltempo-logistik", "Eiltempo Logistik GmbH", 0, (ContractTerms(days(400), days(12)),)),
    Profile(
        "sanduhr-uhren",
        "Sanduhr Uhren GmbH",
        0,
        _RUNNING,
        requests=(RequestTerms("transcripts", _2_HOURS), RequestTerms("leads", _2_HOURS)),
    ),
    Profile("windspiel-garten", "Windspiel Garten GmbH", 0, _RUNNING, requests=(RequestTerms("transcripts", days(4)),)),
    Profile(
        "kompassnadel-reederei", "Kompassnadel Reederei GmbH", 0, _RUNNING, requests=(RequestTerms("leads", days(4)),)
    ),
    Profile(
        "beweisnot-bau",
        "Beweisnot Bau GmbH",
        0,
        _RUNNING,
        requests=(RequestTerms("transcripts", days(4)), RequestTerms("leads", days(4))),
    ),
)

PLAIN = ("zwirbelbach-immobilien", "ottermuehl-makler", "silberdistel-wohnen")
"""Customers that never agreed to archiving."""

ARCHIVING = ("paragraphenreuter-kanzlei", "quittengarten-hausverwaltung")
"""Customers whose own consent to archiving is in force."""


def tenant_rows(profile: Profile, now: datetime) -> list[Row]:
    """The rows of one customer, the same for every seed; `now` only shifts their times."""
    rows: list[Row] = [Tenant(profile.tenant_id, profile.name, profile.tenant_id == SELF, now - days(820))]
    for number, contract in enumerate(profile.contracts):
        ended_at = now - contract.ended_ago if contract.ended_ago is not None else None
        contract_id = sample_id("contract", profile.tenant_id, number)
        rows.append(Contract(contract_id, profile.tenant_id, now - contract.started_ago, ended_at))
    for request in profile.requests:
        request_id = sample_id("request", profile.tenant_id, request.scope)
        rows.append(DeletionRequest(request_id, profile.tenant_id, now - request.received_ago, request.scope))
    if profile.archiving is not None:
        rows.append(_standing_consent(sample_id("consent", profile.tenant_id), profile, profile.archiving, now))
    return rows


def _standing_consent(consent_id: UUID, profile: Profile, consent: StandingConsent, now: datetime) -> Consent:
    given_at = now - consent.given_ago
    return Consent(
        consent_id=consent_id,
        tenant_id=profile.tenant_id,
        call_id=None,
        party="customer",
        scope="archiving",
        given_at=given_at,
        recorded_at=given_at + timedelta(hours=1),
        ends_at=None,
        withdrawn_at=None,
        reviewed_at=now - consent.reviewed_ago if consent.reviewed_ago is not None else None,
    )
