"""The report on paper says what its page says, word for word, and nothing runs over the edge of a sheet."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from pypdf import PdfReader
from tests.reports import scenarios, several
from tests.reports.test_report_page import Page, page_of

from retention.database import OwnConnection
from retention.reports import build, by_id, lacks_paper, render_html, render_papers, render_pdf, store
from retention.reports.archive import paper
from retention.reports.paper import paper_of_page

DIVIDERS = re.compile(r"[\s\-\u00ad\u2010|✓✕?]+")


def letters(text: str) -> str:
    """Text without what a line break may add or take."""
    return DIVIDERS.sub("", text)


def read(pdf: bytes) -> tuple[PdfReader, str]:
    """The PDF and its text; the foot of each sheet is left out, so that a sentence over two sheets is one."""
    reader = PdfReader(io.BytesIO(pdf))
    sheets = [
        re.sub(r"(Prüfbericht|Check report): [^\n]* – .*$", "", page.extract_text(), flags=re.DOTALL)
        for page in reader.pages
    ]
    return reader, letters("".join(sheets))


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("situation", several.SITUATIONS)
def test_paper_says_what_the_page_says(own: OwnConnection, situation: str, language: str) -> None:
    page = Page(page_of(own, situation, language), language).text()
    report = build(own, None, *scenarios.shape_of(situation), now=scenarios.NOW)
    reader, text = read(render_pdf(report, language))
    page = re.sub(" (English version|Deutsche Fassung)$", "", page, count=1, flags=re.MULTILINE)
    cells = {cell for line in page.splitlines() for cell in line.split(" | ")}
    missing = [cell for cell in sorted(cells) if letters(cell) not in text]
    assert len(missing) == 1  # the id, which is of another report than the page's
    assert re.fullmatch("[0-9a-f-]{36}", missing[0])
    assert len(reader.pages) <= 10


def test_papers_are_kept_beside_the_page_as_they_were_set(own: OwnConnection) -> None:
    scenarios.compliant(own)
    report = build(own, None, *scenarios.shape_of("compliant"), now=scenarios.NOW)
    papers = render_papers(report)
    report_id = store(own, report, render_html(report), papers)
    assert {language: paper(own, report_id, language) for language in ("de", "en")} == papers
    kept = by_id(own, report_id)
    assert kept is not None
    for language, pdf in papers.items():
        assert paper_of_page(kept.html, language, kept.created_at, kept.report_id) == pdf


def test_one_report_of_each_day_is_kept_on_paper(own: OwnConnection) -> None:
    scenarios.compliant(own)
    first = build(own, None, *scenarios.shape_of("compliant"), now=scenarios.NOW)
    assert lacks_paper(own, first)
    store(own, first, "", {"de": b"%PDF"})
    midnight = datetime(2026, 3, 15, 23, 0, tzinfo=UTC)  # in Berlin
    for at, lacks in ((midnight - timedelta(seconds=1), False), (midnight, True)):
        later = build(own, None, *scenarios.shape_of("compliant"), now=at)
        assert lacks_paper(own, later) is lacks


def test_a_report_that_was_kept_without_has_none(own: OwnConnection) -> None:
    scenarios.compliant(own)
    report = build(own, None, *scenarios.shape_of("compliant"), now=scenarios.NOW)
    report_id = store(own, report, render_html(report))
    assert paper(own, report_id, "de") is None
