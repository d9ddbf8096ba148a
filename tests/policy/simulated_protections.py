"""Everything that can protect an item, or seems to: holds, consents, duties, restrictions, with their flaws."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.policy.promise_checker import CHECKED_EVERY
from tests.policy.simulated_item import ITEM, PERSON, Keeping, Life, PlacedHold
from tests.policy.simulated_moments import DAY, HOUR, MINUTE, TICK, Moments

from retention.policy.facts import Consent, Duty, Hold

OTHERS = "another-customer"

Protection = Callable[[Moments, Life, datetime], dict[str, Any]]


def hold(
    moments: Moments,
    life: Life,
    due_at: datetime,
    until: datetime,
    *,
    placed_at: datetime | None = None,
    **changed: Any,
) -> dict[str, Any]:
    """A hold that one person asked for and another approved, in any scope that has this item in it."""
    placed_at = placed_at or due_at - moments.between(HOUR, 8 * DAY)
    scopes: list[dict[str, Any]] = [
        {"item_id": ITEM},
        {"tenant_id": life.tenant_id},
        {"person_id": PERSON},
        {"category": moments.rule.category},
        {"tenant_id": life.tenant_id, "started_from": life.born_at, "started_before": life.born_at + TICK},
        {
            "tenant_id": life.tenant_id,
            "started_from": life.youngest_at or life.born_at,
        },  # a part of a partition is enough
    ]
    approved_at = changed.pop("approved_at", placed_at)
    is_meant = changed.pop("is_meant", True)
    values: dict[str, Any] = {
        "hold_id": f"h{moments.rng.randint(0, 10**9)}", "requested_by": "legal", "approved_by": "dpo", "effective_at": placed_at,
        "ends_at": until,
    } | (changed.pop("scope", None) or moments.rng.choice(scopes)) | changed  # fmt: skip
    return {"holds": (PlacedHold(Hold(**values), placed_at, approved_at, is_meant),)}


def _hold_past_due(moments: Moments, life: Life, due_at: datetime) -> dict[str, Any]:
    return hold(moments, life, due_at, moments.release(due_at), placed_at=due_at - 15 * DAY)


def _hold_lifted(moments: Moments, life: Life, due_at: datetime) -> dict[str, Any]:
    lifted = moments.release(due_at)
    return hold(moments, life, due_at, moments.for_good, placed_at=lifted - 30 * DAY, ended_at=lifted)


def _hold_reviewed(moments: Moments, life: Life, due_at: datetime) -> dict[str, Any]:
    until = moments.release(due_at)
    return hold(moments, life, due_at, until, placed_at=until - 30 * DAY, ends_at=None, review_at=until)


def _hold_for_good(moments: Moments, life: Life, due_at: datetime) -> dict[str, Any]:
    return hold(moments, life, due_at, moments.for_good)


def _hold_on_the_youngest_record(moments: Moments, life: Life, due_at: datetime) -> dict[str, Any]:
    """Of a partition, its period has the last record only: that is enough."""
    scope = {"category": moments.rule.category, "started_from": life.youngest_at or life.born_at}
    return hold(moments, life, due_at, moments.for_good, scope=scope)


def _hold_approved_later(moments: Moments, life: Life, due_at: datetime) -> dict[str, Any]:
    approved_at = due_at - moments.between(MINUTE, DAY)
    return hold(moments, life, due_at, moments.for_good, placed_at=due_at - 5 * DAY, approved_at=approved_at)


def _hold_while_the_run_is_on(moments: Moments, life: Life, due_at: datetime) -> dict[str, Any]:
    """Placed after the plan that has the item, and before it goes."""
    run = moments.run_after(due_at + life.shown_after)
    placed_at = run.starts_at + min(moments.rule.schedule.run_time / 2, moments.between(MINUTE, HOUR))
    return hold(moments, life, due_at, moments.for_good, placed_at=placed_at)


def _hold_unapproved(moments: Moments, life: Life, due_at: datetime) -> dict[str, Any]:
    return hold(moments, life, due_at, moments.for_good, approved_by=None, approved_at=None)


def _hold_by_one_person(moments: Moments, life: Life, due_at: datetime) -> dict[str, Any]:
    return hold(moments, life, due_at, moments.for_good, approved_by="legal")


def _hold_on_others(moments: Moments, life: Life, due_at: datetime) -> dict[str, Any]:
    scopes: list[dict[str, Any]] = [
        {"tenant_id": OTHERS}, {"person_id": "p2"}, {"item_id": "other"}, {"category": "other"},
        {"tenant_id": life.tenant_id, "started_from": (life.youngest_at or life.born_at) + TICK},
        {"tenant_id": life.tenant_id, "started_before": life.born_at},
    ]  # fmt: skip
    return hold(moments, life, due_at, moments.for_good, scope=moments.rng.choice(scopes), is_meant=False)


def _two_holds(moments: Moments, life: Life, due_at: datetime) -> dict[str, Any]:
    one, two = _hold_past_due(moments, life, due_at), _hold_lifted(moments, life, due_at)
    return {"holds": one["holds"] + two["holds"]}


def _consent(party: str, moments: Moments, given_at: datetime, **changed: Any) -> Consent:
    return Consent(party, moments.promised.scope or "archiving", given_at, given_at)._replace(**changed)


def _consents(moments: Moments, due_at: datetime, **changed: Any) -> dict[str, Any]:
    """All parties' consents, given well before due; the changes are made to one party's."""
    parties = moments.promised.parties or ("caller", "customer")
    given_at = changed.pop("given_at", due_at - moments.between(MINUTE, 30 * DAY))
    mine = moments.rng.choice(parties)
    others = [_consent(party, moments, due_at - 30 * DAY) for party in parties if party != mine]
    return {"consents": (_consent(mine, moments, given_at, **changed), *others)}


def _consents_lapse(moments: Moments, due_at: datetime) -> dict[str, Any]:
    return _consents(moments, due_at, given_at=moments.release(due_at) - moments.promised.valid_for)


def _consents_reviewed(moments: Moments, due_at: datetime) -> dict[str, Any]:
    """The review renews what would have lapsed, until it lapses itself."""
    lapses_at = moments.release(due_at)
    given_at = lapses_at - moments.promised.valid_for - 50 * DAY
    return _consents(moments, due_at, given_at=given_at, reviewed_at=lapses_at - moments.promised.valid_for)


def _one_consent(moments: Moments, due_at: datetime) -> dict[str, Any]:
    return {"consents": _consents(moments, due_at)["consents"][:1]}


def _kept(moments: Moments, due_at: datetime, until: datetime, *, waits: bool = False) -> dict[str, Any]:
    return {"keeping": Keeping(due_at - moments.between(HOUR + MINUTE, 5 * DAY), until, waits)}


def _kept_past_due(moments: Moments, due_at: datetime, *, waits: bool) -> dict[str, Any]:
    """Its end is known from the last check before it alone, which takes that much of the time after it."""
    return _kept(moments, due_at, moments.release(due_at, unseen_for=CHECKED_EVERY), waits=waits)


PROTECTIONS: dict[str, Protection] = {
    "nothing": lambda m, life, due: {},
    "nothing_again": lambda m, life, due: {},
    "hold": _hold_past_due,
    "hold_again": _hold_past_due,
    "hold_lifted": _hold_lifted,
    "hold_review_missed": _hold_reviewed,
    "hold_for_good": _hold_for_good,
    "hold_over_before_due": lambda m, life, due: hold(m, life, due, due - TICK, placed_at=due - 9 * DAY),
    "hold_on_the_youngest_record": _hold_on_the_youngest_record,
    "hold_approved_later": _hold_approved_later,
    "hold_while_the_run_is_on": _hold_while_the_run_is_on,
    "hold_unapproved": _hold_unapproved,
    "hold_by_one_person": _hold_by_one_person,
    "hold_on_others": _hold_on_others,
    "two_holds": _two_holds,
    "consents": lambda m, life, due: _consents(m, due),
    "consents_withdrawn": lambda m, life, due: _consents(m, due, given_at=due - 30 * DAY, withdrawn_at=m.release(due)),
    "consents_end": lambda m, life, due: _consents(m, due, given_at=due - 30 * DAY, ends_at=m.release(due)),
    "consents_lapse": lambda m, life, due: _consents_lapse(m, due),
    "consents_reviewed": lambda m, life, due: _consents_reviewed(m, due),
    "consent_of_one_party": lambda m, life, due: _one_consent(m, due),
    "consent_when_due": lambda m, life, due: _consents(m, due, given_at=due),
    "consent_just_in_time": lambda m, life, due: _consents(m, due, given_at=due - TICK),
    "consent_recorded_late": lambda m, life, due: _consents(m, due, recorded_at=due + MINUTE),
    "consent_to_something_else": lambda m, life, due: _consents(m, due, scope="ai_training"),
    "duty": lambda m, life, due: {"duty": Duty("§147 AO", m.release(due))},
    "duty_for_good": lambda m, life, due: {"duty": Duty("§147 AO", None)},
    "duty_over_before_due": lambda m, life, due: {"duty": Duty("§147 AO", due - HOUR)},
    "restricted_for_good": lambda m, life, due: _kept(m, due, m.for_good),
    "restricted_until_due": lambda m, life, due: _kept(m, due, due),
    "restricted_past_due": lambda m, life, due: _kept_past_due(m, due, waits=False),
    "waits_for_good": lambda m, life, due: _kept(m, due, m.for_good, waits=True),
    "waits_until_due": lambda m, life, due: _kept(m, due, due, waits=True),
    "waits_past_due": lambda m, life, due: _kept_past_due(m, due, waits=True),
}
