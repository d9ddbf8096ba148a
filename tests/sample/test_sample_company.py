"""The invented company itself: deterministic, with the shape of its story, and nobody real in it."""

from __future__ import annotations

import io
import re
import wave
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest

from retention.sample import audio
from retention.sample.cases import CASE_CALLS, CASES
from retention.sample.everyday import SHARES
from retention.sample.load import LoadRecord, compose
from retention.sample.record_cases import RECORD_CASES
from retention.sample.rows import Call, Caller, Item, Row, Tenant
from retention.sample.stage import Company
from retention.sample.transcripts import TRANSCRIPT_CASES

NOW = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)
DUE = {"due", "overdue"}


def test_no_two_record_cases_share_a_name() -> None:
    names = [case.name for case in (*CASES, *SHARES, *RECORD_CASES)]
    assert len(names) == len(set(names))


def company(*, seed: int = 1, first_call: int = 0, calls: int = 3000, now: datetime = NOW) -> Company:
    return compose(LoadRecord(seed, calls, first_call, now, False))


T = TypeVar("T", bound=Row)


def rows_of(source: Company, row_type: type[T]) -> list[T]:
    return [row for row in source.rows if isinstance(row, row_type)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_default_load_is_a_company_with_a_backlog(seed: int) -> None:
    sample = company(seed=seed)
    expected = {case.name: case.expected for case in (*CASES, *SHARES)}
    present = [expected[item.case_name] for item in rows_of(sample, Item)]

    assert 1000 <= len(present) <= 1500
    assert 0.4 <= sum(status in DUE for status in present) / len(present) <= 0.6
    assert set(present) == {"retain", "due", "overdue", "exempt", "held"}
    assert len(rows_of(sample, Tenant)) == 24
    assert sum(tenant.is_self for tenant in rows_of(sample, Tenant)) == 1


def test_number_of_calls_is_the_one_asked_for() -> None:
    sample = company(calls=1000)
    cases = Counter(item.case_name for item in rows_of(sample, Item))
    without_row_by_design = sum(case.count for case in CASES if not case.situation.has_call)
    earlier_calls = cases["consent_of_another_call"]
    of_transcripts = sum(case.count for case in TRANSCRIPT_CASES if case.has_call)
    assert len(rows_of(sample, Call)) == 1000 - without_row_by_design + earlier_calls + of_transcripts


@pytest.mark.parametrize("calls", [1, CASE_CALLS])
def test_cases_are_never_cut(calls: int) -> None:
    assert Counter(item.case_name for item in rows_of(company(calls=calls), Item)) == {
        case.name: case.count for case in CASES
    }


def test_every_case_has_at_least_three_items_and_a_name_of_its_own() -> None:
    assert min(case.count for case in CASES) >= 3
    names = [case.name for case in (*CASES, *SHARES)]
    assert len(names) == len(set(names))


def test_same_seed_gives_the_same_company() -> None:
    assert company(calls=400) == company(calls=400)


def test_other_seed_shares_only_the_customers() -> None:
    first, second = company(seed=1, calls=400), company(seed=2, calls=400)
    shared = set(first.rows) & set(second.rows)
    assert {row.table for row in shared} == {
        "public.tenants",
        "public.contracts",
        "public.consents",
        "public.deletion_requests",
    }
    assert not {item.key for item in first.objects} & {item.key for item in second.objects}


def test_more_calls_add_to_the_same_ones() -> None:
    whole, part, rest = company(calls=600), company(calls=400), company(calls=600, first_call=400)
    assert {item.key for item in whole.objects} == {item.key for item in part.objects + rest.objects}
    assert len(whole.objects) == len(part.objects) + len(rest.objects)


def test_everything_lies_in_the_last_sixty_days() -> None:
    calls = [call.started_at for call in rows_of(company(), Call)]
    assert NOW - timedelta(days=60) <= min(calls)
    assert max(calls) < NOW


def test_calls_follow_the_day_and_the_week() -> None:
    everyday = company(first_call=CASE_CALLS)
    local = [call.started_at.astimezone(ZoneInfo("Europe/Berlin")) for call in rows_of(everyday, Call)]
    weekdays = Counter(call.weekday() for call in local)
    hours = Counter(call.hour for call in local)
    assert min(weekdays[day] for day in range(5)) > 2 * max(weekdays[5], weekdays[6])
    assert sum(hours[hour] for hour in range(8, 18)) > 5 * sum(hours[hour] for hour in (22, 23, 0, 1, 2, 3, 4, 5))


def test_no_caller_can_be_a_real_person() -> None:
    reserved = re.compile(
        r"\+49 (30 23125\d{3}|69 90009\d{3}|40 66969\d{3}|221 4710\d{3}|89 99998\d{3}|171 39200\d{2}"
        r"|152 (28817386|54599371)|172 (9968532|9973185|9980752)|174 (9091317|9464308))"
    )
    callers = rows_of(company(), Caller)
    phones = [caller.phone for caller in callers if caller.phone is not None]
    emails = [caller.email for caller in callers if caller.email is not None]
    assert len(phones) > 500
    assert len(emails) > 500
    assert [phone for phone in phones if not reserved.fullmatch(phone)] == []
    assert [email for email in emails if not re.fullmatch(r"[a-z]+\.[a-z]+@example\.com", email)] == []


@pytest.mark.parametrize("number", range(audio.BODY_COUNT))
def test_sound_is_a_short_telephone_wav(number: int) -> None:
    sound = audio.sound(number)
    with wave.open(io.BytesIO(sound.body)) as opened:
        assert (opened.getframerate(), opened.getsampwidth(), opened.getnchannels()) == (8000, 2, 1)
        assert opened.getnframes() == sound.duration_s * 8000
        frames = opened.readframes(opened.getnframes())
    assert 1 <= sound.duration_s <= 3
    assert len(set(frames)) > 100  # a tone, not silence


def test_sounds_differ() -> None:
    assert len({audio.sound(number).body for number in range(audio.BODY_COUNT)}) == audio.BODY_COUNT
