"""What is restricted, or waits for what has to go first, has no recorded end: the checks themselves remember that they saw it."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from tests.history import rewrite
from tests.verification.company import DAY, HOUR, MINUTE, found, reasons
from tests.verification.records import Records

from retention.database import connect
from retention.evidence.hashing import ItemHasher
from retention.settings import INCLUDE
from retention.verification import CheckResult

TICK = timedelta(microseconds=1)
TO_DELETE = 48 * HOUR
BREACH = {"past_event": 1}
BOTH = pytest.mark.parametrize(
    ("flag", "kind"), [("restricted", "exception_restriction"), ("waits", "exception_waits")]
)


def _plant(records: Records, flag: str | None = None, *, ended: timedelta = 31 * DAY) -> None:
    """A lead whose customer's contract ended longer ago than the promise's 30 days, by default."""
    records.customer("nord", contract_ended=ended)
    records.lead("nord", **({flag: True} if flag else {}))  # type: ignore[arg-type]


def _set(records: Records, flag: str, value: bool) -> None:
    records.sql(f"UPDATE leads SET {flag} = {value}")


def _age_memory(records: Records, by: timedelta) -> None:
    """As if the checks so far had been made so much earlier."""
    with connect(records.own) as own:
        shift = f"interval '{by.total_seconds()} seconds'"
        rewrite(own, f"UPDATE retention.check_runs SET started_at = started_at - {shift}, as_of = as_of - {shift}")
        rewrite(own, f"UPDATE retention.kept_items SET kept_since = kept_since - {shift}, kept_at = kept_at - {shift}")


def _check(records: Records) -> CheckResult:
    return records.check("leads")


@BOTH
def test_kept_past_its_end_it_is_an_exception_of_its_own(records: Records, flag: str, kind: str) -> None:
    _plant(records, flag)
    result = _check(records)
    assert (found(result), result.verdict) == ({kind: 1}, "compliant")
    assert reasons(result, kind) == {"in_force": 1}


@BOTH
@pytest.mark.parametrize(
    ("later", "breaches"),
    [pytest.param(TO_DELETE, False, id="ends_exactly"), pytest.param(TO_DELETE + TICK, True, id="beyond")],
)
def test_the_promise_counts_from_the_last_check_that_saw_it_kept(
    records: Records, flag: str, kind: str, later: timedelta, breaches: bool
) -> None:
    _plant(records, flag)
    seen_at = _check(records).as_of
    _set(records, flag, False)
    result = records.check("leads", as_of=seen_at + later)
    assert found(result) == (BREACH if breaches else {kind: 1})
    if not breaches:
        assert reasons(result, kind) == {"time_to_delete": 1}
        [finding] = result.findings
        assert finding.detail["latest_end"] == (seen_at + TO_DELETE).isoformat()
        assert finding.oldest_age_s is not None and finding.oldest_age_s >= 100 * 86_400


def test_time_to_delete_is_not_renewed_by_checks_that_see_it_kept_no_more(records: Records) -> None:
    _plant(records, "waits")
    seen_at = _check(records).as_of
    _set(records, "waits", False)
    for _ in range(3):
        assert found(_check(records)) == {"exception_waits": 1}
    assert found(records.check("leads", as_of=seen_at + TO_DELETE + TICK)) == BREACH


@BOTH
def test_never_seen_kept_by_a_check_it_has_no_time(records: Records, flag: str, kind: str) -> None:
    _plant(records)
    assert found(_check(records)) == BREACH


def test_seen_kept_by_a_check_of_another_instant_alone_it_has_no_time(records: Records) -> None:
    _plant(records, "waits")
    records.check("leads", as_of=records.now - DAY)
    _set(records, "waits", False)
    assert found(_check(records)) == BREACH


def test_seen_kept_under_another_hash_key_it_has_no_time(records: Records) -> None:
    _plant(records, "waits")
    records.check("leads", hasher=ItemHasher(bytes(range(1, 33))))
    _set(records, "waits", False)
    assert found(_check(records)) == BREACH


@BOTH
def test_what_was_late_before_it_was_kept_gains_no_time(records: Records, flag: str, kind: str) -> None:
    _plant(records)
    assert found(_check(records)) == BREACH
    for _ in range(3):
        _set(records, flag, True)
        assert found(_check(records)) == {kind: 1}
        _set(records, flag, False)
        assert found(_check(records)) == BREACH


def test_kept_until_shortly_before_its_end_it_has_the_time_to_delete(records: Records) -> None:
    _plant(records, "waits", ended=30 * DAY - HOUR)
    seen_at = _check(records).as_of
    _set(records, "waits", False)
    assert found(records.check("leads", as_of=seen_at + 2 * HOUR)) == {"exception_waits": 1}
    assert found(records.check("leads", as_of=seen_at + TO_DELETE + TICK)) == BREACH


@BOTH
def test_checks_between_its_end_and_the_promised_one_forget_nothing(records: Records, flag: str, kind: str) -> None:
    _plant(records, flag, ended=30 * DAY - HOUR)
    seen_at = _check(records).as_of
    _set(records, flag, False)
    for _ in range(2):
        assert found(_check(records)) == {}
    result = records.check("leads", as_of=seen_at + 2 * HOUR)
    assert (found(result), reasons(result, kind)) == ({kind: 1}, {"time_to_delete": 1})
    assert found(records.check("leads", as_of=seen_at + TO_DELETE + TICK)) == BREACH


def test_what_went_in_the_time_to_delete_is_forgotten(records: Records) -> None:
    _plant(records, "waits", ended=30 * DAY - HOUR)
    _check(records)
    records.sql("DELETE FROM leads")
    for _ in range(2):
        assert found(_check(records)) == {}
    [last] = records.own_sql("SELECT check_run_id FROM retention.check_runs ORDER BY started_at DESC LIMIT 1")
    remembered = "SELECT 1 FROM retention.kept_items WHERE check_run_id = %s"
    assert records.own_sql(remembered, last["check_run_id"]) == []


def test_kept_until_long_before_its_end_changes_nothing(records: Records) -> None:
    _plant(records, "waits", ended=20 * DAY)
    seen_at = _check(records).as_of
    _set(records, "waits", False)
    assert found(records.check("leads", as_of=seen_at + 10 * DAY + MINUTE)) == BREACH


@BOTH
def test_a_request_waits_for_it_too(records: Records, flag: str, kind: str) -> None:
    records.customer("nord", asked=80 * HOUR)
    records.lead("nord", **{flag: True})  # type: ignore[arg-type]
    assert found(_check(records)) == {kind: 1}
    _set(records, flag, False)
    assert found(_check(records)) == {kind: 1}


@pytest.mark.parametrize(
    ("apart", "between"),
    [
        pytest.param(47 * HOUR, {"exception_waits": 1}, id="within_the_time_to_delete"),
        pytest.param(49 * HOUR, BREACH, id="beyond_it"),
    ],
)
def test_stretches_count_from_the_first_and_give_time_only_if_they_follow_in_time(
    records: Records, apart: timedelta, between: dict[str, int]
) -> None:
    _plant(records, "waits", ended=200 * DAY)
    _check(records)
    _age_memory(records, 60 * DAY)
    _check(records)
    _set(records, "waits", False)
    _age_memory(records, apart)
    assert found(_check(records)) == between
    _set(records, "waits", True)
    _age_memory(records, 20 * DAY)
    assert found(_check(records)) == {"exception_waits": 1}
    _age_memory(records, 10 * DAY)
    assert found(_check(records)) == {"exception_waits": 1, "kept_for_long": 1}
    _set(records, "waits", False)
    assert found(_check(records)) == (between | {"kept_for_long": 1} if between != BREACH else BREACH)


@BOTH
@pytest.mark.parametrize(
    ("days", "is_told"), [pytest.param(89, False, id="89_days"), pytest.param(91, True, id="91_days")]
)
def test_kept_for_more_than_90_days_it_is_a_finding(
    records: Records, flag: str, kind: str, days: int, is_told: bool
) -> None:
    _plant(records, flag, ended=300 * DAY)
    _check(records)
    _age_memory(records, days * DAY)
    result = _check(records)
    assert found(result) == {kind: 1} | ({"kept_for_long": 1} if is_told else {})
    assert result.verdict == "compliant"


def test_a_hold_that_came_while_it_was_kept_came_in_time(records: Records) -> None:
    _plant(records, "waits", ended=60 * DAY)
    _check(records)
    hold = records.hold(tenant_id="nord", effective_at=records.now, ends_at=records.now + 5 * DAY)
    _set(records, "waits", False)
    assert found(_check(records)) == {"exception_hold": 1}
    for later, expected in ((5 * DAY + TO_DELETE, {}), (5 * DAY + TO_DELETE + TICK, BREACH)):
        result = found(records.check("leads", as_of=records.now + later))
        assert {kind: count for kind, count in result.items() if kind in BREACH} == expected
    assert hold


def test_what_is_kept_has_no_deadline_until_a_check_sees_it_kept_no_more(records: Records) -> None:
    """Every check would put it off: shown as the next one, it would hide the first that counts."""
    _plant(records, "waits")
    kept = _check(records)
    assert (kept.headroom["leads"].headroom_s, kept.headroom["leads"].next_deadline_at) == (None, None)
    _set(records, "waits", False)
    result = _check(records)
    assert result.headroom["leads"].next_deadline_at == kept.as_of + TO_DELETE


def test_a_memory_too_old_for_any_check_is_forgotten(records: Records) -> None:
    _plant(records, "waits")
    _check(records)
    _age_memory(records, 3 * DAY)
    _check(records)
    _check(records)
    [runs] = records.own_sql("SELECT count(DISTINCT check_run_id) AS left FROM retention.kept_items")
    assert runs["left"] == 2


def test_nothing_is_remembered_of_what_is_within_its_promise(records: Records) -> None:
    _plant(records, "waits", ended=20 * DAY)
    _check(records)
    assert records.own_sql("SELECT * FROM retention.kept_items") == []


VOICE = """
system: voice
owner: Platform Engineering
connections:
  db: {kind: postgres, disposal: company_db, verification: company_db_verify}
places:
  calls:
    {kind: table, category: transcript, role: processor, owner: Platform Engineering, connection: db, table: public.calls,
     id_column: call_id, facts: {items: sql/calls.sql, check_items: sql/check_calls.sql,
                                 check_requests: sql/check_transcript_requests.sql}}
  callers:
    {kind: table, category: transcript, role: processor, owner: Platform Engineering, connection: db, table: public.callers,
     id_column: caller_id, facts: {items: sql/callers.sql, check_items: sql/check_callers.sql,
                                   check_requests: sql/check_transcript_requests.sql}}
"""


@pytest.mark.parametrize("event", ["contract_ended", "deletion_requested"])
def test_call_and_caller_have_time_once_the_recording_that_they_waited_for_is_gone(
    records: Records, event: str
) -> None:
    """By the shipped SQL: the recording goes in an hourly run, call and caller in the next nightly one."""
    for file in (INCLUDE / "datamap" / "sql").glob("*.sql"):
        (records.datamap / "sql" / file.name).write_bytes(file.read_bytes())
    records.write_map(VOICE)
    call, caller, at = uuid.uuid4(), uuid.uuid4(), records.now - 100 * DAY
    ended = records.now - 40 * DAY if event == "contract_ended" else None
    records.sql("INSERT INTO public.tenants VALUES ('nord', 'Nord', false, %s)", at)
    records.sql("INSERT INTO public.contracts VALUES (%s, 'nord', %s, %s)", uuid.uuid4(), at, ended)
    if event == "deletion_requested":
        statement = "INSERT INTO public.deletion_requests VALUES (%s, 'nord', %s, 'transcripts')"
        records.sql(statement, uuid.uuid4(), records.now - 40 * DAY)
    records.sql("INSERT INTO public.callers VALUES (%s, 'nord', 'Anna Beispiel', '+49 30 23125000', NULL)", caller)
    records.sql("INSERT INTO public.calls VALUES (%s, 'nord', %s, %s, %s)", call, caller, at, at)
    records.sql(
        "INSERT INTO public.recordings VALUES (%s, %s, 'nord', 'b', 'recordings/nord/a.wav', %s, %s, 60, 4)",
        *(uuid.uuid4(), call, at, at),
    )
    result = records.check("transcript")
    assert (found(result), result.verdict) == ({"exception_waits": 2}, "compliant")
    records.sql("DELETE FROM public.recordings")
    assert found(records.check("transcript")) == {"exception_waits": 2}
    late = found(records.check("transcript", as_of=result.as_of + TO_DELETE + TICK))
    assert late["past_event"] == (1 if event == "contract_ended" else 2)
    records.sql("DELETE FROM public.calls")
    records.sql("DELETE FROM public.callers")
    assert found(records.check("transcript")) == {}
