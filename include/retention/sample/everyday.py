"""The everyday calls around the named cases: a company that has deleted by hand so far, and not thoroughly.

Until now somebody removed transcribed recordings from time to time, last about a week ago, and missed some; recordings
that could not be transcribed were mostly left alone. What was removed then has neither a row nor an object.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from retention.sample.rhythm import draw_age
from retention.sample.situation import CALLER_AGREED, FAILED, NEVER, SUCCEEDED, Attempt, Expected, Situation, Stored
from retention.sample.stage import Stage
from retention.sample.tenants import PROFILES, SELF, Profile, days

_LAST_MANUAL_CLEANUP = days(8)
_MISSED_BY_HAND = 0.17  # of the transcribed recordings older than that
_KEPT_UNTRANSCRIBED_PAST_CAP = 0.6
_FAILURES = 0.06
_CALLER_CONSENT = 0.55

_WAITING_UNTIL = days(27)
"""Well before the last 49 h of the 30 d begin at 27 d 23 h, so that nobody has to look at the clock."""
_PAST_CAP_FROM = days(31)
_REGULAR_CALLERS = 80


@dataclass(frozen=True, slots=True)
class Share:
    """A group of everyday recordings, and what must be decided about all of them right after the load."""

    name: str
    meaning: str
    expected: Expected


ARCHIVED = Share("everyday_archived", "caller and customer agreed to archiving", "exempt")
BACKLOG = Share("everyday_backlog", "transcribed, missed by the clean-ups by hand", "overdue")
WAITING = Share("everyday_waiting", "not transcribed, not yet in the last 49 h of its 30 d", "retain")
PAST_CAP = Share("everyday_past_cap", "not transcribed, older than 30 d", "overdue")
SHARES = (ARCHIVED, BACKLOG, WAITING, PAST_CAP)

_GONE = "everyday_gone"


def play_everyday(stage: Stage, first: int, last: int) -> None:
    """Put the everyday calls from number `first` up to, not including, `last`; call n is the same in every load."""
    for number in range(first, last):
        draw = random.Random(f"{stage.seed}/everyday/{number}")
        age, profile = _draw_call(draw, stage.now)
        name, situation = _fate(draw, age, profile)
        stage.play(name, number, situation, caller=f"regular/{int(draw.expovariate(1 / _REGULAR_CALLERS))}")


def _draw_call(draw: random.Random, now: datetime) -> tuple[timedelta, Profile]:
    """A customer and a time at which its contract was running."""
    while True:
        age = draw_age(draw, now)
        (profile,) = draw.choices(PROFILES, [profile.share for profile in PROFILES])
        ended_ago = profile.last_contract_end_ago()
        if profile.tenant_id == SELF or ended_ago is None or age > ended_ago + days(1):
            return age, profile


def _fate(draw: random.Random, age: timedelta, profile: Profile) -> tuple[str, Situation]:
    """What became of one everyday call's recording until now: the name of its share, and the situation."""
    attempts = _attempts(draw, profile)
    agreed = profile.archiving is not None and draw.random() < _CALLER_CONSENT
    share = _share(draw, age, profile, attempts, agreed)
    kept = share is not None
    situation = Situation(
        age=age,
        tenants=(profile.tenant_id,),
        attempts=attempts,
        consents=CALLER_AGREED if agreed and (kept or profile.keeps_leftovers) else (),
        stored=Stored.ONE_VERSION if kept else Stored.NOTHING,
        has_row=kept,
    )
    return (share.name if share is not None else _GONE), situation


def _attempts(draw: random.Random, profile: Profile) -> tuple[Attempt, ...]:
    if not profile.transcribes:
        return NEVER
    return FAILED if draw.random() < _FAILURES else SUCCEEDED


def _share(
    draw: random.Random, age: timedelta, profile: Profile, attempts: tuple[Attempt, ...], agreed: bool
) -> Share | None:
    """The share that a recording is still in; None when it is gone."""
    chance = draw.random()
    if not profile.keeps_leftovers:
        return None
    if agreed and (attempts == SUCCEEDED or age > _PAST_CAP_FROM):
        return ARCHIVED
    if attempts == SUCCEEDED:
        return BACKLOG if age < _LAST_MANUAL_CLEANUP or chance < _MISSED_BY_HAND else None
    if age < _WAITING_UNTIL:
        return WAITING
    return PAST_CAP if age > _PAST_CAP_FROM and chance < _KEPT_UNTRANSCRIBED_PAST_CAP else None
