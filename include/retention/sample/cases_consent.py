"""Cases about the consent to keep a recording longer: it takes both the caller's and the customer's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from retention.sample.situation import CALLER_AGREED, NEVER, Case, ConsentTerms, Expected, Situation
from retention.sample.tenants import ARCHIVING, PLAIN, days

_CUSTOMER_AGREED = ConsentTerms("customer")
_JUST_NOW = timedelta(minutes=30)


def _archived(age: timedelta, *terms: ConsentTerms, tenants: tuple[str, ...] = ARCHIVING) -> Situation:
    """A transcribed call of a customer who agreed to archiving."""
    return Situation(age, tenants, consents=terms)


def _caller_terms(
    name: str, meaning: str, expected: Expected, age: timedelta, **terms: timedelta | bool | None
) -> Case:
    consent = replace(ConsentTerms("caller"), **terms)  # type: ignore[arg-type]
    return Case(name, meaning, expected, _archived(age, consent))


CONSENT_CASES = (
    Case(
        "both_consents", "both parties agreed in time, in force", "exempt", _archived(days(15), *CALLER_AGREED), count=4
    ),
    Case(
        "both_consents_past_cap",
        "both parties agreed in time, never transcribed, older than 30 d",
        "exempt",
        replace(_archived(days(50), *CALLER_AGREED), attempts=NEVER),
    ),
    Case(
        "only_caller_consent",
        "the caller agreed, the customer did not",
        "overdue",
        Situation(days(5), PLAIN, consents=CALLER_AGREED),
    ),
    Case("only_customer_consent", "the customer agreed, the caller did not", "overdue", _archived(days(5))),
    _caller_terms(
        "consent_of_another_call",
        "the caller agreed in an earlier call, not in this one",
        "overdue",
        days(11),
        for_earlier_call=True,
    ),
    _caller_terms(
        "consent_given_too_late",
        "given hours after the transcription, when deletion was already due",
        "overdue",
        days(6),
        given_after=timedelta(hours=5),
        recorded_after=timedelta(hours=5),
    ),
    _caller_terms(
        "consent_recorded_too_late",
        "given in the call, but recorded only the next day",
        "overdue",
        days(7),
        recorded_after=timedelta(hours=26),
    ),
    _caller_terms("consent_withdrawn", "the caller withdrew two days ago", "overdue", days(16), withdrawn_ago=days(2)),
    _caller_terms(
        "consent_withdrawn_just_now", "the caller withdrew half an hour ago", "due", days(18), withdrawn_ago=_JUST_NOW
    ),
    Case(
        "customer_consent_withdrawn",
        "the customer withdrew its consent to this call two days ago",
        "overdue",
        Situation(days(17), PLAIN, consents=(*CALLER_AGREED, replace(_CUSTOMER_AGREED, withdrawn_ago=days(2)))),
    ),
    _caller_terms(
        "consent_ended", "the consent was limited and ended four days ago", "overdue", days(20), ends_ago=days(4)
    ),
    _caller_terms(
        "consent_ends_later", "the consent is limited, its end lies ahead", "exempt", days(21), ends_ago=days(-30)
    ),
    Case(
        "consent_review_in_grace",
        "the customer's yearly review lapsed 10 days ago: still in force for 30 days after it",
        "exempt",
        _archived(days(22), *CALLER_AGREED, tenants=("farbklecks-maler",)),
    ),
    Case(
        "consent_review_lapsed",
        "the customer's yearly review lapsed 40 days ago",
        "overdue",
        _archived(days(22), *CALLER_AGREED, tenants=("gelenkig-physio",)),
    ),
    Case(
        "consent_contract_ended",
        "both agreed, but the customer's last contract ended 20 days ago",
        "overdue",
        _archived(days(32), *CALLER_AGREED, tenants=("nebelhorn-makler",)),
    ),
    Case(
        "consent_contract_renewed",
        "both agreed; one contract of the customer ended, another goes on",
        "exempt",
        _archived(days(23), *CALLER_AGREED, tenants=("federleicht-zahnarzt",)),
    ),
    Case(
        "consent_contract_notice",
        "both agreed; the contract is terminated, its end lies ahead",
        "exempt",
        _archived(days(24), *CALLER_AGREED, tenants=("fernwehtal-reisen",)),
    ),
    Case(
        "consent_to_training_only",
        "both agreed to AI training, nobody to archiving",
        "overdue",
        Situation(
            days(8),
            PLAIN,
            consents=(ConsentTerms("caller", "ai_training"), ConsentTerms("customer", "ai_training")),
        ),
    ),
)
