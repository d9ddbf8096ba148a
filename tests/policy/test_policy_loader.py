"""Every refusal of the policy loader: file, line, code, what was found and what was expected."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.policy.texts import AUDIO, VERSIONS, changed, line_of, problems_of, write_policy

from retention.errors import PolicyError
from retention.policy.loader import load_policy


def test_policy_of_the_tests_is_accepted(tmp_path: Path) -> None:
    policy = load_policy(write_policy(tmp_path))
    assert list(policy.rules) == ["audio"]
    assert policy.promises.policy_version == "2025-08-03"


def test_shipped_policy_is_accepted() -> None:
    assert list(load_policy(Path(__file__).resolve().parents[2] / "include" / "policies").rules) == [
        *("audio", "leads", "logs", "marketing", "transcript", "usage")
    ]


WRONG_VALUES = [
    pytest.param("P30D\n", "30\n", "limit: 30", "limit: the number 30, without a unit", "P30D", id="bare_number"),
    pytest.param("P30D\n", "30.5\n", "limit: 30.5", "limit: the number 30.5, without a unit", "P30D", id="bare_fraction"),
    pytest.param("P30D\n", "'30'\n", "limit: '30'", "limit: '30'", "an ISO 8601 period", id="number_as_text"),
    pytest.param("P30D\n", "P1M\n", "limit: P1M", "months and years have no fixed length", "days or hours", id="month"),
    pytest.param("P30D\n", "P1Y\n", "limit: P1Y", "months and years have no fixed length", "days or hours", id="year"),
    pytest.param("P30D\n", "-P30D\n", "limit: -P30D", "'-P30D', a negative period", "zero or more", id="negative"),
    pytest.param("P30D\n", "P-30D\n", "limit: P-30D", "'P-30D', a negative period", "zero or more", id="negative_inside"),
    pytest.param("P30D\n", "P1.5D\n", "limit: P1.5D", "'P1.5D'", "whole days, hours", id="fraction"),
    pytest.param("P30D\n", "30 days\n", "limit: 30 days", "'30 days'", "an ISO 8601 period", id="words"),
    pytest.param("P30D\n", "p30d\n", "limit: p30d", "'p30d'", "an ISO 8601 period", id="lower_case"),
    pytest.param("P30D\n", "P\n", "limit: P", "'P'", "an ISO 8601 period", id="period_of_nothing"),
    pytest.param("P30D\n", "PT\n", "limit: PT", "'PT'", "an ISO 8601 period", id="time_of_nothing"),
    pytest.param("P30D\n", "P9999999999D\n", "limit: P9", "'P9999999999D'", "an ISO 8601 period", id="beyond_all_time"),
    pytest.param("P30D\n", "12:30\n", "limit: 12:30", "'12:30'", "an ISO 8601 period", id="sexagesimal"),
    pytest.param("P30D\n", "true\n", "limit: true", "limit: true", "P30D", id="bool_as_period"),
    pytest.param("P30D\n", "[P30D]\n", "limit: [P30D]", "limit: a list", "P30D", id="list_as_period"),
    pytest.param("lead: PT49H", "lead: P30D", "lead: P30D", "lead: 30 days, with a limit of 30", "shorter", id="lead"),
    pytest.param("P30D\n", "PT0S\n", "lead:", "lead: 49 hours, with a limit of 0 sec", "shorter", id="no_limit"),
    pytest.param("        lead: PT49H\n", "", "event: recording", "without a complete limit", "limit and lead", id="no_lead"),
    pytest.param(
        "allowed_latency: PT2H", "allowed_latency: PT2H\n        limit: P1D", "event: trans", "allowed_latency beside",
        "either limit and lead", id="limit_and_latency",
    ),
    pytest.param(
        "allowed_latency: PT2H", "allowed_latency: PT2H\n        every_item: true", "every_item", "true, beside allowed_latency",
        "with limit and lead", id="everything_at_once",
    ),
    pytest.param("        every_item: true\n", "", "start_points", "no start point with every_item", "exactly one", id="clock"),
    pytest.param("every_item: true", "every_item: on", "every_item", "every_item: 'on'", "true or false", id="on_is_no_bool"),
    pytest.param("every_item: true", "every_item: 1", "every_item", "every_item: 1", "true or false", id="one_is_no_bool"),
    pytest.param("6\n", "true\n", "missed_runs", "missed_runs_tolerated: true", "a whole number", id="bool_as_number"),
    pytest.param("6\n", "'6'\n", "missed_runs", "missed_runs_tolerated: '6'", "a whole number", id="text_as_number"),
    pytest.param("6\n", "6.0\n", "missed_runs", "missed_runs_tolerated: 6.0", "a whole number", id="fraction_as_number"),
    pytest.param("6\n", "-1\n", "missed_runs", "missed_runs_tolerated: -1", "0 or more", id="negative_number"),
    pytest.param("share: 0.9", "share: 90", "share: 90", "share: 90", "1 or less", id="percent_as_share"),
    pytest.param("share: 0.9", "share: .nan", "share: .nan", "share: nan", "1 or less", id="no_number_as_share"),
    pytest.param("50000", "010", "items: 010", "010, which programs read", "decimal number", id="leading_zero"),
    pytest.param("50000", "0x10", "items: 0x10", "0x10, which programs read", "decimal number", id="hexadecimal"),
    pytest.param("50000", "50_000", "items: 50_000", "50_000, which programs read", "decimal number", id="underscore"),
    pytest.param("50000", "1e5", "items: 1e5", "items: 100000.0", "a whole number", id="exponent"),
    pytest.param("2025-08-03\n", "2025-02-30\n", "2025-02-30", "a day that does not exist", "a calendar day", id="no_such_day"),
    pytest.param(
        "2025-08-03\n", "'2025-02-30'\n", "'2025-02-30'", "effective_from: '2025-02-30', a day that does not", "a calendar day",
        id="no_such_day_in_quotes",
    ),
    pytest.param("2025-08-03\n", "3.8.2025\n", "3.8.2025", "effective_from: '3.8.2025'", "a calendar day", id="german_day"),
    pytest.param("2025-08-03\n", "20250803\n", "20250803", "effective_from: 20250803", "a calendar day", id="day_as_number"),
    pytest.param("2025-08-03\n", "0025-08-03\n", "0025", "effective_from: 0025-08-03", "1970", id="day_of_the_roman_empire"),
    pytest.param(
        "2025-08-03\n", "2025-08-03 10:00:00\n", "10:00", "2025-08-03 10:00:00, with a time of day", "a calendar day",
        id="time_of_day",
    ),
    pytest.param(
        "2025-08-03\n", "2025-08-03T25:00:00\n", "25:00", "2025-08-03T25:00:00, with a time of day", "a calendar day",
        id="time_that_does_not_exist",
    ),
    pytest.param("action: delete", "action: shred", "action: shred", "action: 'shred'", "one of: delete", id="unknown_action"),
    pytest.param("category: audio", "category: Audio", "category", "category: 'Audio'", "lower-case", id="category_in_capitals"),
    pytest.param("event: trans", "event: x;--", "event: x;--", "event: 'x;--cription_succeeded'", "lower-case", id="sql"),
    pytest.param(
        "event: recording_started", f"event: {'e' * 41}", "event: eee", f"event: '{'e' * 41}'", "at most 40", id="event_too_long"
    ),
    pytest.param("owner: Platform", "owner: 42 #", "owner: 42", "owner: 42", "a text", id="number_as_text"),
    pytest.param("owner: Platform Engineering", 'owner: "  "', "owner", "owner: '  '", "not empty", id="blank_text"),
    pytest.param("plan_valid_for: PT6H", "plan_valid_for: PT0S", "plan_valid", "no time at all", "executed", id="plan"),
    pytest.param("_interval: PT1H", "_interval: PT0S", "_interval", "no time at all", "longest time", id="no_interval"),
    pytest.param("[caller, customer]", "[caller, caller]", "parties", "a party that stands twice", "once", id="party_twice"),
    pytest.param("[caller, customer]", "[]", "parties", "parties: an empty list", "at least one entry", id="no_party"),
    pytest.param("[caller, customer]", "caller", "parties", "parties: 'caller'", "a list", id="text_as_list"),
    pytest.param("event: recording_started", "event: transcription_succeeded", "event: transcription", "a second start point",
                 "each event once", id="event_twice"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "at", "found", "expected"), WRONG_VALUES)
def test_wrong_value_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, at: str, found: str, expected: str
) -> None:
    text = changed(AUDIO, old, new)
    problem = problems_of(write_policy(tmp_path, text))[0]
    line = line_of(text, at)
    if found.startswith("a second start point"):  # the second of the two
        line = line_of(text, "every_item") - 1
    assert (Path(problem.file).name, problem.line, problem.code) == ("audio.yaml", line, "bad_value")
    assert found in problem.found
    assert expected in problem.expected


def test_one_wrong_value_is_one_problem(tmp_path: Path) -> None:
    assert len(problems_of(write_policy(tmp_path, changed(AUDIO, "P30D\n", "30\n")))) == 1


@pytest.mark.parametrize(
    ("old", "new", "line", "code", "found", "expected"),
    [
        pytest.param(
            "lead:", "leed:", 27, "unknown_key", "unknown key 'leed'", "one of: event, limit, lead", id="misspelt_key"
        ),
        pytest.param("owner:", "owners:", 3, "unknown_key", "unknown key 'owners'", "one of: category", id="misspelt_at_top"),
        pytest.param("  run_time: PT40M\n", "", 5, "missing_key", "no key 'run_time'", "a value", id="missing_in_schedule"),
        pytest.param("owner: Platform Engineering\n", "", 1, "missing_key", "no key 'owner'", "a value", id="missing_at_top"),
        pytest.param("limit: P30D", "limit:", 26, "empty_value", "no value after 'limit'", "or no such key", id="blank"),
        pytest.param("limit: P30D", "limit: ~", 26, "empty_value", "no value after 'limit'", "or no such key", id="tilde"),
        pytest.param("limit: P30D", "limit: null", 26, "empty_value", "no value", "or no such key", id="null"),
        pytest.param("[caller, customer]", "[caller, ]", 30, "weaker_than_promise", "no consent of: cust", "caller", id="comma"),
        pytest.param(
            "owner: Platform Engineering", "owner: A\nowner: B", 4, "duplicate_key", "the key 'owner'", "once", id="twice"
        ),
        pytest.param("limit: P30D", "limit: P30D\n        limit: P9D", 27, "duplicate_key", "'limit'", "once", id="limit_twice"),
        pytest.param("limit: P30D", "1: P30D", 26, "unknown_key", "the key 1", "a name", id="number_as_key"),
    ],
)  # fmt: skip
def test_wrong_key_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, code: str, found: str, expected: str
) -> None:
    problems = problems_of(write_policy(tmp_path, changed(AUDIO, old, new)))
    problem = next(p for p in problems if p.code == code)
    assert problem.line == line
    assert found in problem.found
    assert expected in problem.expected


def test_rule_without_start_points_is_refused(tmp_path: Path) -> None:
    text = AUDIO[: AUDIO.index("    start_points:")] + "    start_points: []\n"
    problem = problems_of(write_policy(tmp_path, text))
    assert [(p.line, p.found, p.expected) for p in problem] == [
        (21, "start_points: an empty list", "at least one entry")
    ]


def test_rule_without_versions_is_refused(tmp_path: Path) -> None:
    text = AUDIO[: AUDIO.index("versions:")] + "versions: []\n"
    assert [str(p.line) + p.found for p in problems_of(write_policy(tmp_path, text))] == ["16versions: an empty list"]


@pytest.mark.parametrize(
    ("second", "found"),
    [
        pytest.param(VERSIONS, "version 1 out of order", id="same_version_twice"),
        pytest.param(changed(VERSIONS, "version: 1", "version: 2"), "version 2 out of order", id="same_day"),
        pytest.param(
            changed(changed(VERSIONS, "version: 1", "version: 2"), "from: 2025-08-03", "from: 2025-08-02"),
            "version 2 out of order",
            id="newer_number_of_an_older_day",
        ),
        pytest.param(
            changed(VERSIONS, "from: 2025-08-03", "from: 2026-08-03"), "version 1 out of order", id="same_number"
        ),
    ],
)
def test_versions_out_of_order_are_refused_at_the_second(tmp_path: Path, second: str, found: str) -> None:
    problem = problems_of(write_policy(tmp_path, AUDIO + second))[0]
    assert (problem.line, problem.found) == (33, f"versions[2]: {found}")
    assert problem.expected == "rising version numbers and effective_from days, oldest first"


def test_versions_with_different_clocks_are_refused(tmp_path: Path) -> None:
    second = changed(changed(VERSIONS, "version: 1", "version: 2"), "from: 2025-08-03", "from: 2026-08-03")
    second = changed(second, "event: recording_started", "event: call_started")
    problem = problems_of(write_policy(tmp_path, AUDIO + second))[0]
    assert problem.line == line_of(AUDIO + second, "event: call_started") - 3
    assert "every_item at 'call_started'" in problem.found


def test_two_start_points_with_every_item_are_refused_at_the_second(tmp_path: Path) -> None:
    extra = "      - event: call_started\n        every_item: true\n        limit: P20D\n        lead: PT49H\n"
    text = changed(AUDIO, "    exemption:", f"{extra}    exemption:")
    problem = problems_of(write_policy(tmp_path, text))[0]
    assert (problem.line, problem.expected) == (line_of(text, "call_started") + 1, "exactly one")


def test_second_rule_for_a_category_is_refused(tmp_path: Path) -> None:
    problem = problems_of(write_policy(tmp_path, zoom=AUDIO))[0]
    assert (Path(problem.file).name, problem.line, problem.code) == ("zoom.yaml", 1, "two_rules")
    assert (problem.found, problem.expected) == ("a second rule for category 'audio'", "exactly one rule per category")


def test_all_problems_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    folder = write_policy(
        tmp_path, changed(changed(AUDIO, "P30D\n", "30\n"), "lead:", "leed:"), other="- a\n", third="a: [\n"
    )
    found = {(Path(p.file).name, p.code) for p in problems_of(folder)}
    assert found == {
        ("audio.yaml", "bad_value"),
        ("audio.yaml", "unknown_key"),
        ("other.yaml", "empty_document"),
        ("third.yaml", "bad_yaml"),
    }


@pytest.mark.parametrize(
    ("missing", "file", "code", "found"),
    [
        pytest.param({"promises": None}, "promises.yaml", "unreadable", "no such file", id="no_promises"),
        pytest.param({"audio": None}, "policy", "no_rules", "no rule file", id="no_rules"),
        pytest.param(
            {"audio": None, "promises": None}, "promises.yaml", "unreadable", "no such file", id="empty_folder"
        ),
    ],
)
def test_missing_file_is_named(tmp_path: Path, missing: dict[str, None], file: str, code: str, found: str) -> None:
    problem = problems_of(write_policy(tmp_path / "policy", **missing))[0]
    assert (Path(problem.file).name, problem.line, problem.code, problem.found) == (file, 1, code, found)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    assert problems_of(tmp_path / "nowhere")[0].found == "no such file"


@pytest.mark.parametrize("name", ["logs.yml", "logs.YAML", "logs.Yml"])
def test_file_that_would_be_left_out_is_refused(tmp_path: Path, name: str) -> None:
    (write_policy(tmp_path) / name).write_text(AUDIO)
    problem = problems_of(tmp_path)[0]
    assert (Path(problem.file).name, problem.code, problem.expected) == (name, "wrong_ending", "the ending '.yaml'")


@pytest.mark.parametrize("name", ["README.md", "audio.yaml~", "audio.yaml.bak", "notes.txt"])
def test_other_files_are_no_concern(tmp_path: Path, name: str) -> None:
    (write_policy(tmp_path) / name).write_text("anything")
    assert problems_of(tmp_path) == []


def test_version_of_the_policy_reads_the_same_with_and_without_quotes(tmp_path: Path) -> None:
    policy = load_policy(write_policy(tmp_path, changed(AUDIO, '"2025-08-03"', "2025-08-03")))
    assert policy.rule("audio").versions[0].policy_version == "2025-08-03"


def test_digest_changes_with_every_byte_of_a_rule(tmp_path: Path) -> None:
    one = load_policy(write_policy(tmp_path / "a")).rules_digest
    assert load_policy(write_policy(tmp_path / "b")).rules_digest == one
    assert load_policy(write_policy(tmp_path / "c", AUDIO + "# read again\n")).rules_digest != one


def test_category_without_a_rule_is_refused(tmp_path: Path) -> None:
    policy = load_policy(write_policy(tmp_path))
    with pytest.raises(PolicyError, match=r"unknown_category: found 'leads'; expected one of: audio"):
        policy.rule("leads")


def test_problem_is_one_readable_line(tmp_path: Path) -> None:
    folder = write_policy(tmp_path, changed(AUDIO, "P30D\n", "30\n"))
    assert str(problems_of(folder)[0]) == (
        f"{folder}/audio.yaml:26: bad_value: found limit: the number 30, without a unit; "
        "expected a period with its unit, such as P30D (30 days) or PT49H (49 hours)"
    )


def test_a_rule_that_can_not_be_read_is_not_said_of_customers_too(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(Path(__file__).resolve().parents[2] / "include" / "policies", folder)
    leads = folder / "leads.yaml"
    leads.write_text(leads.read_text(encoding="utf-8").replace("lead:", "led:"), encoding="utf-8")
    with pytest.raises(PolicyError) as error:
        load_policy(folder)
    assert {Path(problem.file).name for problem in error.value.problems} == {"leads.yaml"}
