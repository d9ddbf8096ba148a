"""Mistakes that decide() could make, each as a change to what it is asked, and the promise that is then not kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tests.policy.simulation import Decide

from retention.policy.decide import decide
from retention.policy.facts import Decision, Hold, ItemFacts, Start
from retention.policy.model import RetentionRule

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Asked:
    """A call of decide() that a mistake changes before it is made."""

    item: ItemFacts
    rule: RetentionRule
    holds: Sequence[Hold]
    as_of: datetime
    now: datetime

    def item_with(self, **changed: Any) -> None:
        self.item = replace(self.item, **changed)

    def holds_with(self, **changed: Any) -> None:
        self.holds = [replace(hold, **changed) for hold in self.holds]

    def start(self, event: str, at: datetime | None) -> None:
        self.item_with(starts={**self.item.starts, event: Start(at, at is not None)})

    def answer(self) -> Decision:
        return decide(self.item, self.rule, self.holds, self.as_of, now=self.now)


def _ignores_holds(asked: Asked) -> None:
    asked.holds = ()


def _waits_for_no_approval(asked: Asked) -> None:
    asked.holds_with(approved_by="dpo")


def _lets_no_hold_end(asked: Asked) -> None:
    asked.holds_with(ends_at=asked.now + DAY, ended_at=None)


def _holds_only_the_category(asked: Asked) -> None:
    asked.holds = [hold for hold in asked.holds if hold.category is not None]


def _holds_by_the_oldest_record(asked: Asked) -> None:
    oldest = asked.item.starts[asked.rule.clock_event].at or asked.now
    asked.holds = [hold for hold in asked.holds if hold.started_from is None or hold.started_from <= oldest]


def _holds_whatever_there_is(asked: Asked) -> None:
    nothing = dict.fromkeys(("tenant_id", "person_id", "item_id", "started_from", "started_before"))
    asked.holds_with(**nothing, category=asked.rule.category)


def _ignores_consents(asked: Asked) -> None:
    asked.item_with(consents=())


def _asks_one_party(asked: Asked) -> None:
    said = [one._replace(party=party) for one in asked.item.consents for party in ("caller", "customer")]
    asked.item_with(consents=tuple(said))


def _forgets_withdrawals(asked: Asked) -> None:
    asked.item_with(consents=tuple(one._replace(withdrawn_at=None) for one in asked.item.consents))


def _believes_late_records(asked: Asked) -> None:
    asked.item_with(consents=tuple(one._replace(recorded_at=one.given_at) for one in asked.item.consents))


def _ignores_restrictions(asked: Asked) -> None:
    asked.item_with(restricted=False)


def _ignores_what_waits(asked: Asked) -> None:
    asked.item_with(waits=False)


def _keeps_for_good_what_once_waited(asked: Asked) -> None:
    asked.item_with(waits=asked.item.may_have_been_kept)


def _ignores_duties(asked: Asked) -> None:
    asked.item_with(duty=None)


def _lets_no_duty_end(asked: Asked) -> None:
    duty = asked.item.duty
    asked.item_with(duty=duty._replace(until=None) if duty else None)


def _goes_by_the_oldest_record(asked: Asked) -> None:
    asked.item_with(youngest_at=None)


def _forgets_what_else_tells_the_age(asked: Asked) -> None:
    asked.item_with(evidence_at=None)


def _takes_an_announced_end_for_one(asked: Asked) -> None:
    ended = asked.item.starts.get("contract_ended", Start(None, False)).at
    asked.start("contract_ended", min(ended, asked.as_of - 30 * DAY) if ended else None)


def _takes_a_request_that_is_dated_ahead_for_one(asked: Asked) -> None:
    for event in asked.rule.marked("on_request"):
        at = asked.item.starts.get(event, Start(None, False)).at
        asked.start(event, min(at, asked.as_of) if at else None)


def _lets_our_hold_go_before_the_customer(asked: Asked) -> None:
    asked.item_with(is_processor=False)


def _lets_requests_go_before_our_hold(asked: Asked) -> None:
    asked.item_with(is_processor=True)


def _forgets_agreements(asked: Asked) -> None:
    asked.rule = asked.rule.with_tenants({})


def _forgets_the_suppression_list(asked: Asked) -> None:
    asked.start("suppressed", None)


def _waits_for_the_deadline(asked: Asked) -> None:
    starts = asked.rule.versions[-1].start_points
    asked.as_of -= max(start.lead for start in starts if start.lead is not None)


def _acts_hours_early(asked: Asked) -> None:
    asked.as_of += 3 * HOUR


class Mistake(NamedTuple):
    """In which category, with which items, it makes something `late` or `early`."""

    category: str
    only: str
    what: str
    change: Callable[[Asked], None]

    @property
    def name(self) -> str:
        return f"{self.category}-{self.change.__name__.strip('_')}"

    def made(self) -> Decide:
        """decide() with this mistake in it."""

        def wrong(
            item: ItemFacts, rule: RetentionRule, holds: Sequence[Hold], as_of: datetime, *, now: datetime
        ) -> Decision:
            asked = Asked(item, rule, holds, as_of, now)
            self.change(asked)
            return asked.answer()

        return wrong


MISTAKES = [
    Mistake("audio", "hold", "early", _ignores_holds),
    Mistake("audio", "hold", "early", _holds_only_the_category),
    Mistake("audio", "hold_unapproved", "late", _waits_for_no_approval),
    Mistake("audio", "hold_lifted", "late", _lets_no_hold_end),
    Mistake("audio", "hold_on_others", "late", _holds_whatever_there_is),
    Mistake("audio", "consent", "early", _ignores_consents),
    Mistake("audio", "consent_of_one_party", "late", _asks_one_party),
    Mistake("audio", "consents_withdrawn", "late", _forgets_withdrawals),
    Mistake("audio", "consent_recorded_late", "late", _believes_late_records),
    Mistake("audio", "restricted", "early", _ignores_restrictions),
    Mistake("audio", "dated_none", "late", _forgets_what_else_tells_the_age),
    Mistake("audio", "nothing", "late", _waits_for_the_deadline),
    Mistake("audio", "nothing", "early", _acts_hours_early),
    Mistake("transcript", "waits_past_due", "early", _ignores_what_waits),
    Mistake("transcript", "waits_past_due", "late", _keeps_for_good_what_once_waited),
    Mistake("transcript", "duty", "early", _ignores_duties),
    Mistake("transcript", ":duty", "late", _lets_no_duty_end),
    Mistake("transcript", "announced", "early", _takes_an_announced_end_for_one),
    Mistake("transcript", "_customers", "late", _lets_our_hold_go_before_the_customer),
    Mistake("leads", "dated_ahead", "early", _takes_a_request_that_is_dated_ahead_for_one),
    Mistake("leads", "contract_ended:", "late", _forgets_agreements),
    Mistake("leads", "_customers", "late", _lets_our_hold_go_before_the_customer),
    Mistake("logs", "logged:", "early", _goes_by_the_oldest_record),
    Mistake("logs", "youngest_record", "early", _holds_by_the_oldest_record),
    Mistake("logs", "nothing", "late", _waits_for_the_deadline),
    Mistake("usage", "hold", "early", _ignores_holds),
    Mistake("usage", "nothing", "late", _waits_for_the_deadline),
    Mistake("marketing", "suppressed:nothing", "late", _forgets_the_suppression_list),
    Mistake("marketing", "held", "early", _lets_requests_go_before_our_hold),
]
