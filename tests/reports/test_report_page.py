"""The report as a page: goldens per language, nothing from outside, everything escaped, readable by everybody."""

from __future__ import annotations

import os
import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from tests.reports import scenarios, several
from tests.reports.shapes import one_category, six_categories

from retention.database import OwnConnection
from retention.policy import sentences
from retention.reports import build, render_html
from retention.reports.failure_labels import FAILURES, failure
from retention.reports.html import TEMPLATES, in_language
from retention.reports.run import TROUBLE, RunState
from retention.reports.wording import EVENTS, WORDS, say
from retention.settings import INCLUDE
from retention.verification.kinds import KINDS

NOT_REASONS = frozenset({"its catalog", "its partitions"})
"""What was read, in the words of errors."""
GOLDENS = Path(__file__).parent / "goldens"
VOID = {"meta", "br", "link", "img", "input", "line", "rect", "hr"}
BLOCKS = {"p", "li", "tr", "div", "h1", "h2", "h3", "caption", "figcaption", "dt", "dd", "summary"}


class Page(HTMLParser):
    """Tags with their attributes, and the words of one article, one line per block; plots and folded tables left out."""

    def __init__(self, html: str, language: str = "de") -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: Counter[str] = Counter()
        self._language = language
        self._reading = False
        self._row_begins = False
        self._words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open[tag] += tag not in VOID
        if tag == "article":
            self._reading = dict(attrs)["lang"] == self._language
        cell = tag in ("td", "th")
        self._write("\n" if tag in BLOCKS else " | " if cell and not self._row_begins else " ")
        self._row_begins = tag == "tr" or (self._row_begins and not cell)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.open[tag] -= 1

    def handle_data(self, data: str) -> None:
        self._write(re.sub(r"\s+", " ", data))

    def _write(self, words: str) -> None:
        if self._reading and not (self.open["svg"] or self.open["details"]):
            self._words.append(words)

    def text(self) -> str:
        lines = (" ".join(line.split()) for line in "".join(self._words).split("\n"))
        return "\n".join(line for line in lines if line) + "\n"


def page_of(own: OwnConnection, situation: str, language: str = "de") -> str:
    several.SITUATIONS[situation](own)
    report = build(own, None, *scenarios.shape_of(situation), now=scenarios.NOW)
    return render_html(report, language)


def without_digests(text: str) -> str:
    """Digests change with every edit of the policy, ids with every run."""
    text = re.sub(r"[0-9a-f]{8}( [0-9a-f]{8}){7}", "<digest>", text)
    return re.sub(r"(Report|Bericht)\n[0-9a-f-]{36}", r"\1\n<id>", text)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("situation", ["compliant", "breach", "nothing", "old_proof", "several", "several_new"])
def test_page_reads_as_agreed(own: OwnConnection, situation: str, language: str) -> None:
    """`UPDATE_GOLDENS=1` writes the goldens anew; read the difference before it is committed."""
    golden = GOLDENS / f"{situation}.{language}.txt"
    text = without_digests(Page(page_of(own, situation), language).text())
    if os.environ.get("UPDATE_GOLDENS"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("situation", several.SITUATIONS)
def test_page_asks_nothing_of_anybody_else(own: OwnConnection, situation: str) -> None:
    html = page_of(own, situation)
    page = Page(html)
    assert not re.search(r"https?:|//[a-z]|url\(|@import", html)
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "video", "audio"}
    assert all(value.startswith("#") for _, attrs in page.tags if (value := attrs.get("href")) is not None)
    assert not any(name.startswith("on") or name == "src" for _, attrs in page.tags for name in attrs)


@pytest.mark.parametrize("situation", several.SITUATIONS)
def test_every_element_is_closed(own: OwnConnection, situation: str) -> None:
    assert not +Page(page_of(own, situation)).open


@pytest.mark.parametrize("situation", several.SITUATIONS)
def test_page_is_readable_without_seeing_it(own: OwnConnection, situation: str) -> None:
    page = Page(page_of(own, situation))
    names = Counter(tag for tag, _ in page.tags)
    assert names["article"] == names["h1"] == 2
    assert all("scope" in attrs for tag, attrs in page.tags if tag == "th")
    plots = [attrs for tag, attrs in page.tags if tag == "svg"]
    assert plots
    assert all(attrs.get("role") == "img" and attrs.get("aria-label") for attrs in plots)
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_headings_never_skip_a_level(own: OwnConnection) -> None:
    levels = [int(tag[1]) for tag, _ in Page(page_of(own, "compliant")).tags if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_texts_of_the_database_are_escaped(own: OwnConnection) -> None:
    scenarios.Check(verdict="unknown", places_failed={"<b>place</b>": "<script>alert(1)</script>"}).insert(own)
    own.execute(
        "INSERT INTO retention.findings (finding_id, check_run_id, kind, category, place, severity, count, detail) "
        "VALUES ('x', %s, '<i>kind</i>', 'audio', '\"><script>alert(2)</script>', 'breach', 1, "
        '\'{"reasons": {"<u>reason</u>": 1}}\')',
        (scenarios.CHECK_ID,),
    )
    scenarios.insert_plan(own, state="ready", result=None, blocked_reason="<img src=x>")
    html = page_of(own, "nothing")
    for planted in ("<script", "<i>kind", "<u>reason", "<b>place", "<img"):
        assert planted not in html
    assert "&lt;img src=x&gt;" in html


def test_nothing_is_zero_where_nothing_was_seen(own: OwnConnection) -> None:
    text = Page(page_of(own, "unknown"), "en").text()
    assert "Breaches\nunknown\n" in text
    assert "Not known\nat least 1\n" in text
    assert "Lawful exceptions\nunknown\n" in text


def test_both_languages_are_inside_and_one_opens(own: OwnConnection) -> None:
    scenarios.compliant(own)
    report = build(own, None, scenarios.policy(), scenarios.datamap(), now=scenarios.NOW)
    for language in ("de", "en"):
        html = render_html(report, language)
        assert f'<html lang="{language}">' in html
        assert '<article lang="de" id="de">' in html
        assert '<article lang="en" id="en">' in html
    assert in_language(html, "de").replace('<html lang="de">', '<html lang="en">', 1) == html


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
    assert {"legal_hold", "no_event", "waits", "too_wide", "statutory_duty"} <= set(decisions)
    assert {"no_event", "waits"} <= set(compiled)
    assert {"row_gone", "newer_version", "no_partition", "by_rows", "described_by_row"} <= set(spared)
    events = {
        event
        for policy, _datamap in (one_category(), six_categories())
        for promise in policy.promises.promises.values()
        for event in (maximum.event for maximum in promise.maxima)
    }
    assert {"contract_ended", "deletion_requested", "instruction_received", "consent_withdrawn", "suppressed"} <= events
    assert {"logged", "collected"} <= events
    return {*decisions, *compiled, *spared, *events}


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
    assert len(changed) == 3
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
    assert ends <= EVENTS.keys()
    assert ends <= sentences.EVENTS.keys()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        pytest.param("23503", "rows of another table point to it", id="its_own"),
        pytest.param("23514", "a constraint of the database forbids it", id="class"),
        pytest.param("EPERM", "not permitted, or marked immutable", id="five_letters_of_another_system"),
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
