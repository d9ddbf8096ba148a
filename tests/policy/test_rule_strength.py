"""A rule weaker than its promise, or with a schedule that can't keep it, is refused; stricter ones are not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.policy.situations import HOUR, rule, version
from tests.policy.texts import AUDIO, PROMISES, VERSIONS, changed, line_of, problems_of, write_policy

from retention.policy.model import RetentionRule, StartPoint
from retention.policy.schedule import arithmetic, needed, room, unkept

TRANSCRIBED_START = "      - event: transcription_succeeded\n        allowed_latency: PT2H\n"
EXEMPTION = AUDIO[AUDIO.index("    exemption:") :]


@pytest.mark.parametrize(
    ("old", "new", "at", "found", "expected"),
    [
        pytest.param(
            "limit: P30D",
            "limit: P31D",
            "limit: P31D",
            "gone only 31 days after recording_started",
            "within 30 days of recording_started, as promised in §7, §8",
            id="limit",
        ),
        pytest.param(
            "limit: P30D",
            "limit: PT720H1S",
            "PT720H1S",
            "gone only 30 days and 1 second after",
            "30 days",
            id="by_a_second",
        ),
        pytest.param(
            "latency: PT2H",
            "latency: PT3H",
            "PT3H",
            "gone only 3 hours after",
            "within 2 hours of transcription",
            id="latency",
        ),
        pytest.param(
            TRANSCRIBED_START,
            "",
            "start_points",
            "no start point 'transcription_succeeded'",
            "one: gone within 2 hours of transcription_succeeded",
            id="missing_start_point",
        ),
        pytest.param(
            TRANSCRIBED_START,
            "      - event: transcription_succeeded\n        limit: P1D\n        lead: PT20H\n",
            "limit: P1D",
            "gone only 1 day after transcription_succeeded",
            "within 2 hours",
            id="limit_instead_of_latency",
        ),
        pytest.param(
            "scope: archiving", "scope: research", "scope", "scope 'research'", "'archiving', as promised", id="scope"
        ),
        pytest.param(
            "[caller, customer]",
            "[caller]",
            "parties",
            "no consent of: customer",
            "consent of: caller, customer",
            id="parties",
        ),
        pytest.param(
            "every: P365D", "every: P400D", "every: P4", "review_every of 400 days", "at most 365 days", id="review"
        ),
        pytest.param("grace: P30D", "grace: P31D", "grace", "review_grace of 31 days", "at most 30 days", id="grace"),
    ],
)
def test_weaker_rule_is_refused(tmp_path: Path, old: str, new: str, at: str, found: str, expected: str) -> None:
    text = changed(AUDIO, old, new)
    problem = problems_of(write_policy(tmp_path, text))[0]
    assert (Path(problem.file).name, problem.line, problem.code) == (
        "audio.yaml",
        line_of(text, at),
        "weaker_than_promise",
    )
    assert found in problem.found
    assert expected in problem.expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("limit: P30D", "limit: P20D", id="shorter_limit"),
        pytest.param("limit: P30D", "limit: PT720H", id="the_same_limit_in_hours"),
        pytest.param("lead: PT49H", "lead: PT72H", id="longest_lead"),
        pytest.param(EXEMPTION, "", id="no_exemption"),
        pytest.param("[caller, customer]", "[customer, agent, caller]", id="more_parties"),
        pytest.param("grace: P30D", "grace: PT0S", id="no_grace"),
        pytest.param(
            "    exemption:",
            "      - event: deleted_by_user\n        allowed_latency: P3D\n    exemption:",
            id="more_events",
        ),
    ],
)
def test_stricter_rule_is_accepted(tmp_path: Path, old: str, new: str) -> None:
    assert problems_of(write_policy(tmp_path, changed(AUDIO, old, new))) == []


def test_exemption_that_the_promise_does_not_know_is_refused(tmp_path: Path) -> None:
    promises = changed(PROMISES, "    exemption: audio-consent\n", "")
    problem = problems_of(write_policy(tmp_path, promises=promises))[0]
    assert (problem.line, problem.found, problem.expected) == (
        line_of(AUDIO, "exemption:"),
        "an exemption",
        "none: the promise knows no exemption",
    )


@pytest.mark.parametrize(
    ("clause", "found"),
    [
        pytest.param("nothing", "'nothing'", id="unknown"),
        pytest.param("audio-consent", "'audio-consent', a clause that promises no maximum", id="promises_no_maximum"),
    ],
)
def test_rule_must_keep_a_clause_with_a_maximum(tmp_path: Path, clause: str, found: str) -> None:
    problems = problems_of(write_policy(tmp_path, changed(AUDIO, "clause: audio", f"clause: {clause}")))
    assert [(p.line, p.code, p.found, p.expected) for p in problems] == [
        (2, "unknown_clause", found, "a clause with a promised maximum: audio, logs")
    ]


def test_rule_for_an_older_policy_is_refused(tmp_path: Path) -> None:
    promises = changed(PROMISES, 'version: "2025-08-03"', 'version: "2026-09-01"')
    problem = problems_of(write_policy(tmp_path, promises=promises))[0]
    assert (problem.line, problem.code) == (line_of(AUDIO, "policy_version"), "stale_policy_version")
    assert problem.found == "a rule reviewed for the policy of '2025-08-03'"
    assert problem.expected == "a newest version that was reviewed for the policy of '2026-09-01'"


STRICTER = changed(changed(PROMISES, 'version: "2025-08-03"', 'version: "2026-09-01"'), "limit: P30D", "limit: P20D")


def reviewed(day: str, limit: str) -> str:
    """AUDIO with a second version for the policy of 2026-09-01."""
    second = changed(changed(VERSIONS, "version: 1", "version: 2"), '"2025-08-03"', '"2026-09-01"')
    return AUDIO + changed(changed(second, "from: 2025-08-03", f"from: {day}"), "limit: P30D", f"limit: {limit}")


def test_promise_becomes_stricter_without_rewriting_the_rules_history(tmp_path: Path) -> None:
    assert problems_of(write_policy(tmp_path, reviewed("2026-09-01", "P20D"), STRICTER)) == []


def test_weaker_version_counts_until_the_newer_one_is_in_force(tmp_path: Path) -> None:
    """A slip of the pen in `effective_from` must not leave today's rule weaker than today's promise."""
    problems = problems_of(write_policy(tmp_path, reviewed("2062-09-01", "P20D"), STRICTER))
    assert [(p.line, p.code) for p in problems] == [(line_of(AUDIO, "limit: P30D"), "weaker_than_promise")]


def test_new_version_may_not_be_weaker_either(tmp_path: Path) -> None:
    problems = problems_of(write_policy(tmp_path, reviewed("2026-09-01", "P30D"), STRICTER))
    assert [p.line for p in problems] == [33 + line_of(VERSIONS, "limit") - 1]


SCHEDULES = [
    pytest.param({}, 720, 49, 10, True, id="audio_cap"),
    pytest.param({"granularity": 24 * HOUR}, 336, 49, 34, True, id="logs_in_day_partitions"),
    pytest.param({"granularity": 744 * HOUR}, 336, 300, 754, False, id="logs_in_month_partitions"),
    pytest.param(
        {"longest_interval": 25 * HOUR, "missed_runs_tolerated": 1}, 720, 72, 53, True, id="transcripts_nightly"
    ),
    pytest.param(
        {"longest_interval": 25 * HOUR, "missed_runs_tolerated": 2}, 720, 72, 78, False, id="two_nights_missed"
    ),
    pytest.param({"missed_runs_tolerated": 45}, 720, 49, 49, True, id="lead_used_up_exactly"),
    pytest.param({"missed_runs_tolerated": 46}, 720, 49, 50, False, id="one_run_too_many"),
    pytest.param(
        {"clock_skew": HOUR + timedelta(microseconds=1), "missed_runs_tolerated": 45},
        720,
        49,
        49,
        False,
        id="by_a_tick",
    ),
    pytest.param({}, 720, 0, 10, False, id="no_lead"),
]


@pytest.mark.parametrize(("schedule", "limit_h", "lead_h", "needed_h", "holds"), SCHEDULES)
def test_schedule_keeps_the_promise(
    schedule: dict[str, timedelta], limit_h: int, lead_h: int, needed_h: int, holds: bool
) -> None:
    """(missed + 1) · interval + run + lag + skew + granularity against the lead."""
    one = scheduled(limit_h, lead_h, **schedule)
    cap = one.versions[0].start_points[0]
    assert needed(one, cap) // HOUR == needed_h
    assert room(cap) == lead_h * HOUR
    assert (unkept(one) == []) is holds


def scheduled(limit_h: int, lead_h: int, **schedule: timedelta) -> RetentionRule:
    """A rule with a cap alone, six missed runs and 3 h of run, lag and skew, as in the table."""
    cap = StartPoint(event="recording_started", every_item=True, limit=limit_h * HOUR, lead=lead_h * HOUR)
    slack = {"run_time": HOUR, "store_lag": HOUR, "clock_skew": HOUR}
    return rule(version(start_points=(cap,)), **(slack | schedule))


@pytest.mark.parametrize(
    ("latency", "holds"),
    [
        pytest.param(2 * HOUR, True, id="one_interval_and_one_run"),
        pytest.param(2 * HOUR - timedelta(seconds=1), False, id="less"),
    ],
)
def test_at_once_leaves_room_for_one_interval_and_no_missed_run(latency: timedelta, holds: bool) -> None:
    one = rule(version(latency=latency), missed_runs_tolerated=6)
    assert [start.event for _, start, _, _ in unkept(one)] == ([] if holds else ["transcription_succeeded"])


def test_longest_interval_counts_every_run_that_is_missed() -> None:
    start = rule().versions[0].start_points[1]
    assert arithmetic(rule(), start) == "(6 + 1) · 1 hour + 1 hour = 8 hours"


@pytest.mark.parametrize(
    ("old", "new", "at", "found", "expected"),
    [
        pytest.param(
            "lead: PT49H",
            "lead: PT7H",
            "lead: PT7H",
            "7 hours between due and deadline of recording_started",
            "at least 8 hours, which the schedule may take: (6 + 1) · 1 hour + 1 hour = 8 hours",
            id="lead_too_short",
        ),
        pytest.param(
            "run_time: PT40M",
            "run_time: PT41M",
            "latency: PT2H",
            "2 hours between due and deadline of transcription_succeeded",
            "at least 121 minutes, which the schedule may take: (0 + 1) · 1 hour + 61 minutes = 121 minutes",
            id="run_a_minute_too_long",
        ),
        pytest.param(
            "clock_skew: PT10M",
            "clock_skew: PT10M\n  granularity: P1D",
            "latency: PT2H",
            "2 hours between due and deadline of transcription_succeeded",
            "(0 + 1) · 1 hour + 25 hours = 26 hours",
            id="granularity_of_a_day",
        ),
    ],
)
def test_schedule_that_cannot_keep_the_promise_is_refused_with_its_arithmetic(
    tmp_path: Path, old: str, new: str, at: str, found: str, expected: str
) -> None:
    text = changed(AUDIO, old, new)
    problem = problems_of(write_policy(tmp_path, text))[0]
    assert (problem.line, problem.code, problem.found) == (line_of(text, at), "schedule_breaks_promise", found)
    assert expected in problem.expected


def test_lead_of_a_superseded_version_does_not_matter(tmp_path: Path) -> None:
    """The newer version's deadline is the earlier one, so its own lead is what jobs have."""
    short = changed(reviewed("2026-09-01", "P20D"), "lead: PT49H", "lead: PT1H")
    assert problems_of(write_policy(tmp_path, short, STRICTER)) == []


def test_lead_of_an_older_version_with_the_earlier_deadline_matters(tmp_path: Path) -> None:
    looser = changed(PROMISES, 'version: "2025-08-03"', 'version: "2026-09-01"')
    short = changed(changed(reviewed("2026-09-01", "P30D"), "lead: PT49H", "lead: PT1H"), "limit: P30D", "limit: P20D")
    problems = problems_of(write_policy(tmp_path, short, looser))
    assert [(p.line, p.code) for p in problems] == [(line_of(AUDIO, "lead:"), "schedule_breaks_promise")]
