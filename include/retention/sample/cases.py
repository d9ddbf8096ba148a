"""The decision table of recordings as items in the sample company; `docs/sample.md` is generated from it.

Ages keep at least a day's distance from the limits that they show (30 d, and 49 h before it), those of fresh events an
hour, so that the expected decisions still hold when somebody looks at the freshly loaded company.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from retention.sample.cases_consent import CONSENT_CASES
from retention.sample.cases_hold import HOLD_CASES
from retention.sample.situation import FAILED, NEVER, Attempt, Case, RowDate, Situation, Stored
from retention.sample.stage import Stage
from retention.sample.tenants import PLAIN, days

_PAST_CAP = days(34)
_YOUNG = days(10)


def _plain(age: timedelta) -> Situation:
    return Situation(age, PLAIN)


TRANSCRIPTION_CASES = (
    Case(
        "in_flight_pending",
        "call just over, transcription waiting",
        "retain",
        replace(_plain(timedelta(minutes=8)), attempts=(Attempt("pending", None),)),
        count=4,
    ),
    Case(
        "in_flight_running",
        "call just over, transcription running",
        "retain",
        replace(_plain(timedelta(minutes=11)), attempts=(Attempt("running", None),)),
    ),
    Case(
        "transcribed_just_now",
        "transcribed within the last half hour: due, and not overdue before 2 h have passed",
        "due",
        _plain(timedelta(minutes=25)),
        count=6,
    ),
    Case("transcribed_days_ago", "transcribed, but still there", "overdue", _plain(days(4)), count=4),
    Case(
        "transcription_retried",
        "failed at first, succeeded at the second attempt",
        "overdue",
        replace(_plain(days(6)), attempts=(Attempt("failed"), Attempt("succeeded", timedelta(hours=3)))),
    ),
    Case(
        "failed_young",
        "transcription failed, not yet in the last 49 h of its 30 d",
        "retain",
        replace(_plain(_YOUNG), attempts=FAILED),
    ),
    Case(
        "failed_in_lead_window",
        "transcription failed, in the last 49 h before the 30 d are over",
        "due",
        replace(_plain(days(29)), attempts=FAILED),
    ),
    Case(
        "failed_past_cap",
        "transcription failed, older than 30 d",
        "overdue",
        replace(_plain(_PAST_CAP), attempts=FAILED),
    ),
    Case(
        "never_transcribed_young",
        "no transcription at all, not yet in the last 49 h of its 30 d",
        "retain",
        replace(_plain(_YOUNG), attempts=NEVER),
    ),
    Case(
        "never_transcribed_past_cap",
        "no transcription at all, older than 30 d",
        "overdue",
        replace(_plain(_PAST_CAP), attempts=NEVER),
    ),
    Case(
        "stuck_past_cap",
        "transcription still waiting after 30 d",
        "overdue",
        replace(_plain(_PAST_CAP), attempts=(Attempt("pending", None),)),
    ),
    Case(
        "contract_ended_failed_young",
        "transcription failed, young; the customer's contract has ended, which doesn't change the limit",
        "retain",
        Situation(days(24), ("nebelhorn-makler",), attempts=FAILED),
    ),
)

_UNDATED = replace(_plain(_PAST_CAP), attempts=NEVER)
_UNDATED_YOUNG = replace(_plain(_YOUNG), attempts=NEVER)

DATE_CASES = (
    Case(
        "recorded_at_missing",
        "the row has no `recorded_at`; call, row and key are older than 30 d",
        "overdue",
        replace(_UNDATED, row_date=RowDate.MISSING),
        fallback=True,
    ),
    Case(
        "recorded_at_missing_young",
        "the row has no `recorded_at`; call, row and key are young",
        "retain",
        replace(_UNDATED_YOUNG, row_date=RowDate.MISSING),
        fallback=True,
    ),
    Case(
        "recorded_at_in_future",
        "`recorded_at` lies in the future; call, row and key are older than 30 d",
        "overdue",
        replace(_UNDATED, row_date=RowDate.FUTURE),
        fallback=True,
    ),
    Case(
        "recorded_at_in_future_young",
        "`recorded_at` lies in the future; call, row and key are young",
        "retain",
        replace(_UNDATED_YOUNG, row_date=RowDate.FUTURE),
        fallback=True,
    ),
    Case(
        "recorded_at_contradicted",
        "`recorded_at` says two days ago; call, row and key are older than 30 d",
        "overdue",
        replace(_UNDATED, row_date=RowDate.LATER),
        fallback=True,
    ),
)

_UNOWNED = PLAIN[1:]
"""Not the customer of `hold_on_person`: whom an orphan belongs to is unknown, so that such a hold would cover it."""

STORE_CASES = (
    Case(
        "row_without_object",
        "transcribed; the row is there, its object is not",
        "overdue",
        replace(_plain(days(9)), stored=Stored.NOTHING),
    ),
    Case(
        "orphan_past_cap",
        "an object without a row, older than 30 d by its key",
        "overdue",
        replace(_plain(days(41)), tenants=_UNOWNED, has_row=False, has_call=False),
        count=4,
        fallback=True,
    ),
    Case(
        "several_versions",
        "transcribed; three versions under one key",
        "overdue",
        replace(_plain(days(7)), stored=Stored.THREE_VERSIONS),
    ),
    Case(
        "behind_delete_marker",
        "transcribed; somebody deleted the object without its version, so that its data is still there",
        "overdue",
        replace(_plain(days(12)), stored=Stored.BEHIND_MARKER),
    ),
    Case(
        "behind_delete_marker_orphan",
        "the same, and the row is gone too: looks deleted from everywhere",
        "overdue",
        replace(_plain(days(43)), stored=Stored.BEHIND_MARKER, tenants=_UNOWNED, has_row=False),
        fallback=True,
    ),
    Case(
        "delete_marker_alone",
        "a delete marker with no version behind it, older than 30 d by its key",
        "overdue",
        replace(_plain(days(45)), stored=Stored.MARKER_ALONE, tenants=_UNOWNED, has_row=False),
        fallback=True,
    ),
    Case(
        "unfinished_upload",
        "a multipart upload that was never finished, older than 30 d by its key (the store says: started at the load)",
        "overdue",
        replace(_plain(days(38)), attempts=NEVER, stored=Stored.UNFINISHED_UPLOAD, tenants=_UNOWNED, has_row=False),
        fallback=True,
    ),
    Case(
        "unfinished_upload_fresh",
        "a multipart upload of some minutes ago: the recording is just arriving",
        "retain",
        replace(
            _plain(timedelta(minutes=7)),
            attempts=NEVER,
            stored=Stored.UNFINISHED_UPLOAD,
            tenants=_UNOWNED,
            has_row=False,
        ),
        fallback=True,
    ),
    Case(
        "awkward_key",
        "transcribed; spaces, umlauts, `+`, `%`, `&`, `?`, `#` and quotes in the key",
        "overdue",
        replace(_plain(days(8)), file_name='Rückruf {n}, Wohnung + Stellplatz, 50 % & "möbliert"? #1 %2B.wav'),
    ),
    Case(
        "awkward_key_young",
        "the same characters and a line break, but not transcribed and young: must stay",
        "retain",
        replace(_plain(_YOUNG), attempts=FAILED, file_name="Rückruf {n}\nStraße + Größe 100 %.wav"),
    ),
)

CASES: tuple[Case, ...] = (*TRANSCRIPTION_CASES, *CONSENT_CASES, *HOLD_CASES, *DATE_CASES, *STORE_CASES)

CASE_CALLS = sum(case.count for case in CASES)
"""How many calls the cases take; a load with fewer calls has the cases alone."""

_SPREAD = 0.004
"""Items of one case lie 0.4 % of their age apart: at 29 d that is under 3 h, far from the case's limits."""


def play_cases(stage: Stage) -> None:
    """Put every item of every case on the stage."""
    for case in CASES:
        for number in range(case.count):
            age_s = case.situation.age.total_seconds() * (1 + _SPREAD * number)
            situation = replace(case.situation, age=timedelta(seconds=round(age_s)))
            hold = situation.hold
            person = case.name if hold is not None and hold.scope == "person" else None
            stage.play(case.name, number, situation, caller=person)
