"""The check report as a PDF: what its page says in one language, word for word."""

from __future__ import annotations

from collections.abc import Mapping

from retention.paper import to_pdf
from retention.reports import formats
from retention.reports.document import Report
from retention.reports.html import render_article
from retention.reports.wording import say


def render_pdf(report: Report, language: str = "de") -> bytes:
    """The report on A4 (`de` or `en`): an archive copy, tagged, with its text to select. Raises PaperError."""
    title = f"{say('report', language)} – {formats.instant(report.created_at, language)}"
    foot = f"{title} · {report.report_id}"
    return to_pdf(render_article(report, language), title=title, language=language, at=report.created_at, foot=foot)


def render_papers(report: Report) -> Mapping[str, bytes]:
    """The report as a PDF in each language."""
    return {language: render_pdf(report, language) for language in formats.LANGUAGES}
