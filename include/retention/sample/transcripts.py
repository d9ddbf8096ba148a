"""Named cases of transcripts, and of the calls and callers that go after them.

What decides is the customer's contracts and requests (`tenants.PROFILES`), never an age. Ends and requests keep at least a day's
distance from the limits that they show (due after 27 d, overdue after 30 d; a request at once, and after 72 h).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from retention.sample.conversation import transcript_id_of, transcript_rows
from retention.sample.situation import NEVER, SUCCEEDED, DutyTerms, HoldTerms, RecordCase, Situation, Stored
from retention.sample.stage import Stage
from retention.sample.tenants import PLAIN, days

CATEGORY = "transcript"
_ENDED_40_DAYS, _ENDED_28_DAYS = "glockenturm-hotel", "schraubenkiste-werkstatt"
_PARAGRAPH = "§147 Abs. 1 Nr. 2 AO"
_CALLED = days(50)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationCase(RecordCase):
    """A call of one customer, `age` ago, with what is left of it."""

    tenant: str
    age: timedelta = _CALLED
    duty: DutyTerms | None = None
    has_call: bool = True
    has_transcript: bool = True
    place: str = "transcripts"


TRANSCRIPT_CASES = (
    ConversationCase(
        name="transcript_contract_running",
        meaning="nearly 60 days old; the customer's contract goes on: never by age",
        expected="retain",
        tenant=PLAIN[0],
        age=days(58),
    ),
    ConversationCase(
        name="transcript_contract_ended_5_days",
        meaning="all contracts ended 5 days ago: 22 days are left to export",
        expected="retain",
        tenant="tintenklecks-verlag",
    ),
    ConversationCase(
        name="transcript_contract_ended_28_days",
        meaning="all contracts ended 28 days ago: in the last 72 h of the 30 d",
        expected="due",
        tenant=_ENDED_28_DAYS,
    ),
    ConversationCase(
        name="transcript_contract_ended_40_days",
        meaning="all contracts ended, the last 40 days ago",
        expected="overdue",
        tenant=_ENDED_40_DAYS,
    ),
    ConversationCase(
        name="transcript_one_contract_open",
        meaning="one contract ended 90 days ago, another goes on",
        expected="retain",
        tenant="federleicht-zahnarzt",
    ),
    ConversationCase(
        name="transcript_contract_end_ahead",
        meaning="the contract is terminated, its end lies ahead",
        expected="retain",
        tenant="fernwehtal-reisen",
    ),
    ConversationCase(
        name="transcript_contract_ended_before_it_began",
        meaning="the only contract says that it ended before it began: counts as open",
        expected="retain",
        tenant="zahlendreher-druck",
    ),
    ConversationCase(
        name="transcript_requested_2_hours_ago",
        meaning="the customer told us two hours ago to delete its transcripts: due at once, overdue after 72 h",
        expected="due",
        tenant="sanduhr-uhren",
    ),
    ConversationCase(
        name="transcript_requested_4_days_ago",
        meaning="the customer told us four days ago to delete its transcripts",
        expected="overdue",
        tenant="windspiel-garten",
    ),
    ConversationCase(
        name="transcript_newer_than_request",
        meaning="the same customer, but the call came two days after the request",
        expected="retain",
        tenant="windspiel-garten",
        age=days(2),
    ),
    ConversationCase(
        name="transcript_shorter_limit",
        meaning="all contracts ended 12 days ago; 14 d were agreed with this customer, not 30 d",
        expected="due",
        tenant="eiltempo-logistik",
    ),
    ConversationCase(
        name="transcript_without_its_call",
        meaning="its call is gone, so nobody can tell whose words they are; all contracts ended 28 days ago",
        expected="due",
        tenant=_ENDED_28_DAYS,
        has_call=False,
    ),
    ConversationCase(
        name="transcript_duty_running",
        meaning="contracts ended 40 days ago, but flagged with a statutory duty that goes on for more than a year",
        expected="kept_by_minimum",
        tenant=_ENDED_40_DAYS,
        duty=DutyTerms(_PARAGRAPH, days(-400)),
    ),
    ConversationCase(
        name="transcript_duty_without_end",
        meaning="flagged with a paragraph, and nobody said until when",
        expected="kept_by_minimum",
        tenant=_ENDED_40_DAYS,
        duty=DutyTerms(_PARAGRAPH),
    ),
    ConversationCase(
        name="transcript_duty_expired",
        meaning="the duty ended four days ago, 48 h more than it takes to delete after it",
        expected="overdue",
        tenant=_ENDED_40_DAYS,
        duty=DutyTerms(_PARAGRAPH, days(4)),
    ),
    ConversationCase(
        name="transcript_duty_expired_just_now",
        meaning="the duty ended an hour ago",
        expected="due",
        tenant=_ENDED_40_DAYS,
        duty=DutyTerms(_PARAGRAPH, timedelta(hours=1)),
    ),
    ConversationCase(
        name="transcript_duty_without_paragraph",
        meaning="flagged until next year, but without a paragraph: that is no duty",
        expected="overdue",
        tenant=_ENDED_40_DAYS,
        duty=DutyTerms(None, days(-400)),
    ),
    ConversationCase(
        name="transcript_hold_on_item",
        meaning="a hold on this very transcript",
        expected="held",
        tenant=_ENDED_40_DAYS,
        hold=HoldTerms("item", ends_ago=days(-60)),
    ),
    ConversationCase(
        name="transcript_hold_on_person",
        meaning="a hold on one caller of one customer: the transcript, the call and the caller stay",
        expected="held",
        tenant=_ENDED_40_DAYS,
        hold=HoldTerms("person"),
    ),
    ConversationCase(
        name="transcript_hold_on_tenant",
        meaning="a hold on all that belongs to one customer's calls",
        expected="held",
        tenant="pfandsiegel-auktionen",
        hold=HoldTerms("tenant"),
    ),
    ConversationCase(
        name="transcript_hold_on_period",
        meaning="a hold on one customer's transcripts of two days",
        expected="held",
        tenant=_ENDED_40_DAYS,
        age=days(56),
        hold=HoldTerms("period"),
    ),
    ConversationCase(
        name="transcript_hold_expired",
        meaning="the hold's end passed three days ago",
        expected="overdue",
        tenant=_ENDED_40_DAYS,
        hold=HoldTerms("item", ends_ago=days(3)),
    ),
    ConversationCase(
        name="transcript_hold_unapproved",
        meaning="nobody approved the hold",
        expected="overdue",
        tenant=_ENDED_40_DAYS,
        hold=HoldTerms("item", approved_by=None),
    ),
    ConversationCase(
        name="transcript_hold_against_request",
        meaning="the customer told us four days ago to delete: as its processor we can't hold against that",
        expected="overdue",
        tenant="beweisnot-bau",
        hold=HoldTerms("tenant"),
    ),
    ConversationCase(
        name="call_without_transcript",
        meaning="a call that was never transcribed, with nothing left of it but its row; contracts ended 40 days ago",
        expected="due",
        tenant=_ENDED_40_DAYS,
        has_transcript=False,
        place="calls",
    ),
    ConversationCase(
        name="call_with_duty_on_transcript",
        meaning="the same with a transcript that a duty keeps: it is the call's duty, too",
        expected="kept_by_minimum",
        tenant=_ENDED_40_DAYS,
        duty=DutyTerms(_PARAGRAPH, days(-400)),
        place="calls",
    ),
    ConversationCase(
        name="caller_without_calls",
        meaning="a person whose calls have gone already; contracts ended 40 days ago",
        expected="due",
        tenant=_ENDED_40_DAYS,
        has_call=False,
        has_transcript=False,
        place="callers",
    ),
    ConversationCase(
        name="caller_with_duty_on_transcript",
        meaning="a person whom a call still names, and a transcript that a duty keeps: likewise",
        expected="kept_by_minimum",
        tenant=_ENDED_40_DAYS,
        duty=DutyTerms(_PARAGRAPH, days(-400)),
        place="callers",
    ),
)


def play_transcripts(stage: Stage) -> None:
    """Put every item of every case on the stage."""
    for case in TRANSCRIPT_CASES:
        for number in range(case.count):
            _play(stage, case, number)


def _play(stage: Stage, case: ConversationCase, number: int) -> None:
    person = case.name if case.hold is not None and case.hold.scope == "person" else f"{case.name}/{number}"
    situation = Situation(
        # A minute apart, so that a period's hold covers all of a case.
        age=case.age + timedelta(minutes=number),
        tenants=(case.tenant,),
        attempts=SUCCEEDED if case.has_transcript else NEVER,
        stored=Stored.NOTHING,
        has_row=False,
        has_call=case.has_call,
        duty=case.duty,
    )
    played = stage.play(case.name, number, situation, caller=person)
    if not case.has_call and case.has_transcript:
        stage.company.rows.extend(transcript_rows(played.call_id, case.tenant, played.ended_at))
    if case.place == "callers" and not case.has_call:
        stage.note_caller(played.caller_id, case.tenant, played.started_at)
    ids = {
        "transcripts": transcript_id_of(played.call_id),
        "calls": played.call_id,
        "callers": played.caller_id,
    }
    stage.show(
        case,
        number,
        category=CATEGORY,
        tenant_id=case.tenant,
        item_id=str(ids[case.place]),
        person_id=str(played.caller_id),
        arose_at=played.ended_at,
    )
