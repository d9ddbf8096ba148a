"""Every code that plans, runs and checks can give has words in both languages; codes are collected where they are written."""

from __future__ import annotations

import re

import pytest
from tests.reports.shapes import one_category, six_categories

from retention.policy.facts import WAITS
from retention.policy.words import load_words
from retention.reports.failure_labels import FAILURES, failure
from retention.reports.html import TEMPLATES
from retention.reports.run import TROUBLE, RunState
from retention.reports.wording import WORDS, say
from retention.settings import INCLUDE
from retention.verification.kinds import KINDS

NOT_REASONS = frozenset({"its catalog", "its partitions", "begins undated"})
"""What was read, in the words of errors; and the note of a finding that has words of its own."""


def test_every_word_that_templates_ask_for_is_listed() -> None:
    asked = set()
    for template in TEMPLATES.glob("*.j2"):
        asked |= set(re.findall(r"(?:\bt|say)\('([a-z0-9_.]+)'[,)]", template.read_text(encoding="utf-8")))
    assert len(asked) > 50
    assert asked <= WORDS.keys()


@pytest.mark.parametrize(
    "key",
    [
        *(f"severity.{severity}" for severity in ("breach", "exception", "finding", "unknown")),
        *(f"state.{state}" for state in RunState),
        *(f"next.{state}" for state in sorted(TROUBLE)),
        *(f"mode.{mode}" for mode in ("off", "observe", "enforce")),
        *(f"mode.{mode}.note" for mode in ("off", "observe", "enforce")),
        *(f"coverage.{coverage}" for coverage in ("rows", "listing")),
        *(f"outcome.{outcome}" for outcome in ("passed", "failed", "unknown")),
    ],
)
def test_every_code_of_the_database_has_words(key: str) -> None:
    assert key in WORDS


def test_every_label_has_words_in_both_languages() -> None:
    assert all(en.strip() and de.strip() for en, de in WORDS.values())


def test_every_check_of_its_own_has_words() -> None:
    """Names are collected from where they are written, as reasons are."""
    judging = (
        (INCLUDE / "retention" / "verification" / "verdicts.py")
        .read_text(encoding="utf-8")
        .partition("def judge_own")[2]
    )
    expecting = (INCLUDE / "retention" / "verification" / "expectations.py").read_text(encoding="utf-8")
    names = {*re.findall(r'"([a-z]+(?: [a-z]+)+)"', judging), *re.findall(r'\("([a-z_]+)", gx', expecting)}
    assert {"clocks agree", "every_row_arrived"} <= names
    assert {f"name.{name}" for name in names} <= WORDS.keys()


def sources(*folders: str, ending: str = ".py") -> str:
    """The text of all files below these folders of `include`."""
    files = [path for folder in folders for path in sorted((INCLUDE / folder).rglob(f"*{ending}"))]
    return "".join(path.read_text(encoding="utf-8") for path in files)


def reasons_of_disposal() -> set[str]:
    """Why something is due, stays, or was spared: by decide(), by its SQL, by what each kind of place does, and by the events of
    the promises."""
    deciding = (INCLUDE / "retention" / "policy" / "decide.py").read_text(encoding="utf-8")
    disposing = sources("retention/disposal")
    decisions = re.findall(r'Status\.[A-Z_]+, (?:[a-zA-Z_.]+, )?"([a-z_]+)"', deciding)
    decisions += re.findall(r'"([a-z_]+)" if as_of > clock\.deadline_at else "not_due"', deciding)
    compiled = re.findall(r'sql\.Literal\("([a-z_]+)"\)', sources("retention/disposal"))
    spared = [
        code
        for written in (
            r'"spared", "([a-z_]+)"',
            r'keep\("([a-z_]+)"',
            r'kept\[\w+\] = "([a-z_]+)"',
            r'return "([a-z_]+)"',
        )
        for code in re.findall(written + "(?! *,)", disposing)
    ]
    assert {"legal_hold", "no_event", "too_wide", "statutory_duty"} <= set(decisions)
    assert {"no_event", "undated"} <= set(compiled)
    assert {"row_gone", "newer_version", "no_partition", "by_rows", "described_by_row"} <= set(spared)
    events = {
        event
        for policy, _datamap in (one_category(), six_categories())
        for promise in policy.promises.promises.values()
        for event in (maximum.event for maximum in promise.maxima)
    }
    assert {"contract_ended", "deletion_requested", "instruction_received", "consent_withdrawn", "suppressed"} <= events
    assert {"logged", "collected"} <= events
    return {*decisions, *compiled, *spared, *events, WAITS}


def reasons_of_verification() -> set[str]:
    """Why something was found: by the judging SQL, by the kinds, by what was noted while reading."""
    judging = (INCLUDE / "sql" / "verification" / "judge.sql").read_text(encoding="utf-8")
    kinds = sources("sql/verification/kinds", ending=".sql")
    reading = sources("retention/verification")
    trail = (INCLUDE / "retention" / "verification" / "trail.py").read_text(encoding="utf-8")
    faults = re.findall(r"'((?:consent|contract|hold)_[a-z_]+)'", judging)
    found = re.findall(r"(?:THEN|ELSE) '([a-z_]+)'", kinds)
    changed = re.findall(r'\{"([a-z_]+)": ', trail)
    noted = re.findall(r'"((?:no|place_left|unknown|older|day)_[a-z0-9_]+)"', reading)
    dates = re.findall(r"(?:THEN|ELSE) '([a-z]+)'", judging.partition("AS fallback_reason")[0].rpartition("CASE")[2])
    assert len(faults) > 8
    assert dates == ["missing", "implausible", "future", "contradicted"]
    assert {"no_row", "row_is_silent"} <= set(found)
    assert len(changed) == 5
    assert {"no_tenant", "no_person", "place_left_the_map", "older_than_2_years"} <= set(noted)
    return {*faults, *found, *changed, *dates, *noted}


def test_every_reason_that_plans_and_checks_give_has_words() -> None:
    """Codes are collected from where they are written, so that a new one is noticed here."""
    assert {f"reason.{code}" for code in reasons_of_disposal()} <= WORDS.keys()
    assert {f"reason.{code}" for code in reasons_of_verification()} <= WORDS.keys()


def test_every_start_point_has_words() -> None:
    """In a rule's sentence, in the limits, and as a reason; what only dates an item ends nothing, so that nobody names it."""
    ends = {
        start.event
        for rule in six_categories()[0].rules.values()
        for start in rule.versions[-1].start_points
        if not start.never
    }
    assert len(ends) >= 9
    assert ends <= load_words(INCLUDE / "policies").events.keys()
    assert six_categories()[0].rules.keys() <= load_words(INCLUDE / "policies").categories.keys()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        pytest.param("23503", "rows of another table point to it", id="its_own"),
        pytest.param("23514", "a constraint of the database forbids it", id="class"),
        pytest.param("EPERM", "not permitted, or marked immutable", id="five_letters_of_another_system"),
        pytest.param(
            "AccessDenied_in_part",
            "a lock, a policy or a missing right; parts of it have gone, or may have",
            id="after_parts_went",
        ),
        pytest.param("NoSuchUpload", None, id="word_of_a_store"),
        pytest.param("99999", None, id="unknown_class"),
    ],
)
def test_a_code_of_a_failure_is_said_in_general(code: str, said: str | None) -> None:
    assert failure(code, "en") == said
    assert say(f"reason.{code}", "en") == (f"{code} ({said})" if said else code)


def test_every_word_of_our_own_for_an_unread_place_is_said_in_both_languages() -> None:
    """A store's own words and SQLSTATEs come from outside."""
    reading = sources("retention/verification")
    raised = re.findall(r'Unread\(\s*(?:found|f?"[^"]*"),\s*"([A-Z][A-Za-z]+)"', reading)
    given = {
        *raised,
        *re.findall(r'code="([A-Za-z]+)"', reading),
        *re.findall(r'[A-Z_]+ = "([a-zA-Z]+(?: [a-z\']+)+)"\n', reading),
    }
    assert {"NotAirflow", "Unattested", "NoIntake", "RepeatedId", "HeadObject refused"} <= given
    assert {f"reason.{code}" for code in given if code not in NOT_REASONS} <= WORDS.keys()


def test_every_code_that_disposal_gives_a_failure_has_words() -> None:
    """A store's own words come from outside; these are ours."""
    given = set(re.findall(r'"failed", (?:[\w.]+ or )?"([A-Za-z_]+)"', sources("retention/disposal")))
    assert {"still_there", "row_still_there", "unknown"} <= given
    assert given <= FAILURES.keys()


def test_every_unit_has_words_for_one_and_for_many() -> None:
    units = {kind.unit for kind in KINDS.values()}
    assert {f"unit.{unit}{one}" for unit in units for one in ("", ".one")} <= WORDS.keys()
