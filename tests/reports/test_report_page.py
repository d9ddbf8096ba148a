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

from retention.database import OwnConnection
from retention.reports import build, render_html
from retention.reports.html import in_language

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
    if situation != "nothing":
        scenarios.insert_copies(own)
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
