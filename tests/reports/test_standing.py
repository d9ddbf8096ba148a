"""What a proof says now: the same in status, summary, report and page, whatever has happened to it since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.history import rewrite
from tests.reports import scenarios
from tests.reports.scenarios import CHECK_ID, DAY_S, HOLD_ID, NOW
from tests.reports.test_report_verdict import COMPLIANT

from retention.database import OwnConnection
from retention.reports import build, by_id, render_html, store
from retention.reports.checks import Documents, documents_now
from retention.reports.kept import said_now, stop_since
from retention.reports.standing import PROOF_VALID_FOR, Doubt, judge, valid_until
from retention.reports.status import Status, read_status
from retention.reports.summary import read_summary
from retention.verification.result import Verdict

LATER = UUID(int=8)
LONG_AGO = timedelta(days=10)


def documents() -> Documents:
    return documents_now(scenarios.policy(), scenarios.datamap())


def status_of(own: OwnConnection) -> Status:
    return read_status(own, ["audio"], documents(), NOW)


def verdicts(own: OwnConnection) -> dict[str, str]:
    """What each of them says at NOW."""
    report = build(own, None, scenarios.policy(), scenarios.datamap(), now=NOW)
    summary = read_summary(own, ["audio"], documents(), until=NOW)
    return {
        "status": status_of(own).verdict,
        "summary": summary["categories"][0]["verdict"],
        "report": report.verdict.value,
        "category": report.categories[0].verdict.value,
    }


def room(headroom_s: int) -> dict[str, int]:
    return {"headroom_s": headroom_s, "oldest_age_s": 26 * DAY_S}


def fresh(own: OwnConnection) -> None:
    scenarios.Check().insert(own)


def old(own: OwnConnection) -> None:
    scenarios.Check().insert(own, at=NOW - LONG_AGO)


def deadline_passed(own: OwnConnection) -> None:
    scenarios.Check(headroom=room(30 * 60)).insert(own, at=NOW - timedelta(hours=1))


def of_other_promises(own: OwnConnection) -> None:
    fresh(own)
    rewrite(own, "UPDATE retention.check_runs SET promises_digest = 'other'")


def of_another_map(own: OwnConnection) -> None:
    fresh(own)
    rewrite(own, "UPDATE retention.check_runs SET map_digest = 'other'")


def old_breach(own: OwnConnection) -> None:
    scenarios.Check(verdict="breach", headroom=room(-DAY_S), findings=(("past_cap", "breach", 1, DAY_S, {}),)).insert(
        own, at=NOW - LONG_AGO
    )


def breach_that_the_check_does_not_state(own: OwnConnection) -> None:
    scenarios.Check(findings=(("past_cap", "breach", 1, DAY_S, {}),)).insert(own)


def breach_without_a_finding(own: OwnConnection) -> None:
    scenarios.Check(verdict="breach").insert(own)


def newer_one_of_the_future(own: OwnConnection) -> None:
    """Yesterday's breach, and a compliant run that a clock ahead of ours wrote."""
    old_breach(own)
    scenarios.Check().insert(own, at=NOW + timedelta(hours=3), check_run_id=LATER)


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        pytest.param(fresh, "compliant", id="fresh"),
        pytest.param(old, "unknown", id="ten_days_old"),
        pytest.param(deadline_passed, "unknown", id="deadline_passed_since"),
        pytest.param(of_other_promises, "unknown", id="other_promises"),
        pytest.param(of_another_map, "unknown", id="another_map"),
        pytest.param(old_breach, "breach", id="breach_stays_until_a_newer_check"),
        pytest.param(breach_that_the_check_does_not_state, "breach", id="breach_among_findings_only"),
        pytest.param(breach_without_a_finding, "breach", id="breach_stated_only"),
        pytest.param(newer_one_of_the_future, "breach", id="future_run_hides_nothing"),
        pytest.param(scenarios.unknown, "unknown", id="unread_place"),
        pytest.param(scenarios.nothing, "unknown", id="never_checked"),
    ],
)
def test_status_summary_and_report_say_the_same(
    own: OwnConnection, situation: Callable[[OwnConnection], None], expected: str
) -> None:
    situation(own)
    assert set(verdicts(own).values()) == {expected}


@dataclass(frozen=True)
class Since:
    """What has happened since a check that found everything well, with two days of headroom unless told."""

    age: timedelta = timedelta()
    headroom_s: int | None = 2 * DAY_S
    changed: tuple[str, ...] = ()


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("since", "doubts"),
    [
        pytest.param(Since(), [], id="nothing"),
        pytest.param(Since(PROOF_VALID_FOR), [], id="ends_exactly"),
        pytest.param(Since(PROOF_VALID_FOR + SECOND), ["too_old"], id="beyond_end"),
        pytest.param(Since(60 * SECOND, 60), [], id="deadline_now"),
        pytest.param(Since(61 * SECOND, 60), ["deadline_passed"], id="deadline_a_second_ago"),
        pytest.param(Since(60 * SECOND, None), [], id="no_deadline_at_all"),
        pytest.param(Since(changed=("promises", "map")), ["promises_changed", "map_changed"], id="both_documents"),
        pytest.param(Since(3 * timedelta(days=1)), ["too_old", "deadline_passed"], id="days_later"),
    ],
)
def test_every_doubt_makes_compliant_unknown_and_leaves_a_breach(since: Since, doubts: list[str]) -> None:
    said = [judge(COMPLIANT, then, since.headroom_s, since.changed, NOW + since.age) for then in Verdict]
    assert all([*one.doubts] == [Doubt(doubt) for doubt in doubts] for one in said)
    now = {one.then: one.verdict for one in said}
    assert now[Verdict.BREACH] is Verdict.BREACH
    assert now[Verdict.UNKNOWN] is Verdict.UNKNOWN
    assert now[Verdict.COMPLIANT] is (Verdict.UNKNOWN if doubts else Verdict.COMPLIANT)


@pytest.mark.parametrize(
    ("then", "headroom_s", "expected"),
    [
        pytest.param(Verdict.COMPLIANT, 3 * DAY_S, PROOF_VALID_FOR, id="deadline_far_ahead"),
        pytest.param(Verdict.COMPLIANT, 1_200, timedelta(minutes=20), id="deadline_comes_first"),
        pytest.param(Verdict.COMPLIANT, None, PROOF_VALID_FOR, id="no_deadline"),
        pytest.param(Verdict.BREACH, 1_200, PROOF_VALID_FOR, id="breach_does_not_end_with_a_deadline"),
    ],
)
def test_an_answer_holds_until_its_proof_or_its_first_deadline_ends(
    then: Verdict, headroom_s: int | None, expected: timedelta
) -> None:
    assert valid_until(COMPLIANT, then, headroom_s) == COMPLIANT.started_at + expected
    assert valid_until(replace(COMPLIANT, finished_at=None), then, headroom_s) is None


def test_a_report_drawn_late_tells_of_its_check_and_why_it_proves_nothing_now(own: OwnConnection) -> None:
    old(own)
    report = build(own, CHECK_ID, scenarios.policy(), scenarios.datamap(), now=NOW)
    assert (report.verdict, report.verdict_at_check) == (Verdict.UNKNOWN, Verdict.COMPLIANT)
    assert report.doubts == ("too_old", "deadline_passed")
    assert report.answer.en == (
        "Not known on 15 March 2026, 11:00 CET. Compliant on 5 March 2026, 10:59 CET; that proof is no longer valid because "
        "it is older than 2 h and a deadline has passed since."
    )
    assert report.answer.de == (
        "Am 15.03.2026, 11:00 Uhr MEZ nicht bekannt. Am 05.03.2026, 10:59 Uhr MEZ eingehalten; dieser Nachweis gilt nicht mehr, "
        "denn er ist älter als 2 Std. und seitdem ist eine Frist abgelaufen."
    )


@pytest.mark.parametrize(
    ("situation", "start", "end"),
    [
        pytest.param(old_breach, "Yes. On 5 March", "until a newer check finds none.", id="breach"),
        pytest.param(scenarios.unknown, "Not known. On 15 March", "because the data map has changed since.", id="unknown"),
    ],
)  # fmt: skip
def test_a_late_answer_keeps_what_was_found(
    own: OwnConnection, situation: Callable[[OwnConnection], None], start: str, end: str
) -> None:
    situation(own)
    rewrite(own, "UPDATE retention.check_runs SET map_digest = 'other'")
    report = build(own, None, scenarios.policy(), scenarios.datamap(), now=NOW)
    assert report.answer.en.startswith(start)
    assert report.answer.en.endswith(end)


def test_a_kept_report_stays_what_it_was_and_the_page_says_what_is_now(own: OwnConnection) -> None:
    fresh(own)
    report = build(own, None, scenarios.policy(), scenarios.datamap(), now=NOW)
    kept = by_id(own, store(own, report, render_html(report)))
    assert kept is not None
    assert kept.verdict == "compliant"
    assert said_now(own, kept, documents, NOW) is None
    later = said_now(own, kept, documents, NOW + LONG_AGO)
    assert later is not None
    assert later.en.startswith(
        "Now: Unknown. The newest proof, of 15 March 2026, 10:59 CET, is no longer valid because it is"
    )
    assert later.de.endswith("`verify_retention` hat keine beendet.")


def set_stop(own: OwnConnection, stopped: bool, at: datetime) -> None:
    rewrite(
        own,
        "INSERT INTO retention.stop_changes (stopped, changed_by, changed_at, reason) VALUES (%s, 'anna', %s, 'test')",
        stopped,
        at,
    )


def test_the_page_says_that_all_was_stopped_since(own: OwnConnection) -> None:
    kept = stored(own)
    assert stop_since(own, kept, NOW) is None
    set_stop(own, True, NOW + timedelta(minutes=5))
    assert stop_since(own, kept, NOW) is None
    said = stop_since(own, kept, NOW + timedelta(minutes=6))
    assert said is not None
    assert said.en == "All deletion is stopped since 15 March 2026, 11:05 CET."


def test_the_page_says_that_the_stop_of_its_report_has_ended(own: OwnConnection) -> None:
    fresh(own)
    set_stop(own, True, NOW - timedelta(minutes=5))
    report = build(own, None, scenarios.policy(), scenarios.datamap(), now=NOW)
    kept = by_id(own, store(own, report, "page"))
    assert kept is not None
    assert stop_since(own, kept, NOW) is None
    set_stop(own, False, NOW + timedelta(minutes=5))
    said = stop_since(own, kept, NOW + timedelta(minutes=6))
    assert said is not None
    assert said.de == "Die Aussetzung, von der dieser Bericht spricht, endete am 15.03.2026, 11:05 Uhr MEZ."


def no_longer(policies: str) -> Callable[[], Documents]:
    return lambda: Documents(policies, scenarios.datamap().digest)


def test_the_page_says_that_the_promises_have_changed_since(own: OwnConnection) -> None:
    kept = stored(own)
    said = said_now(own, kept, no_longer("other"), NOW)
    assert said is not None
    assert said.en.endswith("no longer valid because the promises have changed since.")


def test_the_page_says_that_promises_of_now_cannot_be_read(own: OwnConnection, tmp_path: Any) -> None:
    from retention.policy.loader import load_policy

    said = said_now(
        own, stored(own), lambda: documents_now(load_policy(tmp_path / "nowhere"), scenarios.datamap()), NOW
    )
    assert said is not None
    assert "policy check" in said.de


def test_the_page_tells_of_a_newer_check_that_found_a_breach(own: OwnConnection) -> None:
    kept = stored(own)
    found = (("past_cap", "breach", 1, DAY_S, {}),)
    newer = scenarios.Check(verdict="breach", headroom=room(-60), findings=found)
    newer.insert(own, at=NOW + timedelta(minutes=30), check_run_id=LATER)
    said = said_now(own, kept, documents, NOW + timedelta(minutes=31))
    assert said is not None
    assert said.en == "Now: Breach, by the check of 15 March 2026, 11:29 CET."


def stored(own: OwnConnection) -> Any:
    fresh(own)
    report = build(own, None, scenarios.policy(), scenarios.datamap(), now=NOW)
    return by_id(own, store(own, report, "page"))


def test_summary_says_what_was_then_and_what_is_now(own: OwnConnection) -> None:
    old(own)
    summary = read_summary(own, ["audio"], documents(), until=NOW)
    (audio,) = summary["categories"]
    assert (
        "audio: UNKNOWN, the last proof is too old; a deadline has passed since the last proof; proof of 2026-03-05 09:59 UTC: "
        "COMPLIANT." in audio["text"]
    )
    assert "the page Retention in Airflow" in summary["text"]


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        pytest.param("off", "Mode off: nothing is planned or deleted", id="off"),
        pytest.param("observe", "Mode observe: runs plan, and delete nothing", id="observe"),
        pytest.param("enforce", None, id="enforce"),
    ],
)
def test_summary_says_that_the_mode_forbids_deletion(own: OwnConnection, mode: str, said: str | None) -> None:
    fresh(own)
    rewrite(
        own,
        "INSERT INTO retention.mode_changes (category, mode, changed_by, changed_at, reason) VALUES "
        f"('audio', '{mode}', 'anna', '2026-01-01', 'test')",
    )
    text = read_summary(own, ["audio"], documents(), until=NOW)["text"]
    assert ("Mode " in text) is (said is not None)
    assert (said or "") in text


def test_summary_says_that_all_is_stopped(own: OwnConnection) -> None:
    fresh(own)
    assert "STOPPED" not in read_summary(own, ["audio"], documents(), until=NOW)["text"]
    rewrite(
        own,
        "INSERT INTO retention.stop_changes (stopped, changed_by, changed_at, reason) VALUES "
        "(TRUE, 'anna', '2026-01-01', 'test')",
    )
    assert "Everything is STOPPED" in read_summary(own, ["audio"], documents(), until=NOW)["text"]


@pytest.mark.parametrize(
    ("check", "said"),
    [
        pytest.param(scenarios.Check(headroom=room(DAY_S * 60 + 60)), "  in 60 days  ", id="compliant"),
        pytest.param(
            scenarios.Check(verdict="breach", headroom=room(DAY_S * 60 + 60)),
            "  in breach; next deadline in 60 days  ",
            id="breach_that_is_no_deadline",
        ),
        pytest.param(scenarios.Check(verdict="breach", headroom=room(-DAY_S)), "  overdue by 24 h  ", id="overdue"),
        pytest.param(
            scenarios.Check(headroom=room(30)), "  a deadline passed 10 s ago  ", id="passed_since"
        ),
        pytest.param(scenarios.Check(headroom=None, verdict="unknown"), "  not known  ", id="not_known"),
    ],
)  # fmt: skip
def test_status_names_a_breach_before_the_next_deadline(own: OwnConnection, check: scenarios.Check, said: str) -> None:
    check.insert(own)
    assert said in status_of(own).to_text()


def test_report_beside_a_loss_calls_the_headroom_the_next_deadline(own: OwnConnection) -> None:
    lost = (("protected_missing", "breach", 1, None, {}),)
    scenarios.Check(verdict="breach", findings=lost).insert(own)
    report = build(own, None, scenarios.policy(), scenarios.datamap(), now=NOW)
    html = render_html(report, "en")
    assert "<dt>Next deadline</dt>" in html
    assert "until the first breach" not in html


def test_items_under_a_hold_are_those_of_the_newest_check_that_is_not_of_the_future(own: OwnConnection) -> None:
    scenarios.compliant(own)
    ahead = own.execute("SELECT clock_timestamp() + interval '1 day' AS at").fetchone()
    assert ahead is not None
    scenarios.Check().insert(own, at=ahead["at"], check_run_id=LATER)
    report = build(own, CHECK_ID, scenarios.policy(), scenarios.datamap(), now=NOW)
    assert {hold.hold_id: hold.items for hold in report.categories[0].holds} == {str(HOLD_ID): 34}
